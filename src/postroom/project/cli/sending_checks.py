"""What `postroom doctor` looks at of the way out: the default server, the age of the queue, the keys of passwords."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from postroom.core.errors import PostroomError
from postroom.infra.config import Config
from postroom.project.cli.check import Check

LONG = timedelta(minutes=2)  # for which copies may wait that could be sent


def sending_checks(of: Config) -> Iterator[Check]:
    """Needs Django and a database with current tables."""
    yield _default_server(of)
    yield _queue()
    yield _keys(of)


def _default_server(of: Config) -> Check:
    """That it lets us in; where there is none, that mail can be kept."""
    if not of.outgoing_server:
        return Check("outgoing", True, f"no default server is set: mail is kept in {of.var / 'outbox'}.")
    from postroom.core.sending.facts import DEFAULT_SERVER
    from postroom.outbound.choice import server_of
    from postroom.outbound.servers import connection_test

    place = f"{of.outgoing_server}:{of.outgoing_port}"
    server = server_of(DEFAULT_SERVER)
    last = "login" if server.authentication == "login" else "connect" if server.encryption == "none" else "tls"
    for step in connection_test.run(server, sender="", recipient=""):
        if step.state is connection_test.State.FAILED:
            return Check("outgoing", False, f"{place}: {step.text}", step.advice)
        if step.key == last:
            break
    return Check("outgoing", True, f"{place} lets us in.")


def _queue() -> Check:
    from postroom.infra.clock import now
    from postroom.outbound.queue.ages import late
    from postroom.outbound.selectors import oldest_waiting, waiting

    oldest, at = oldest_waiting(now()), now()
    if oldest and at - oldest > LONG:
        minutes = int((at - oldest).total_seconds() // 60)
        return Check("queue", False, f"copies have been due for {minutes} minutes.", "See that a worker runs.")
    for one in late():
        minutes = int((at - one.since).total_seconds() // 60)
        return Check(
            "queue", False, f"a copy for {one.name or 'no server yet'} has waited for {minutes} minutes.", one.words
        )
    left = waiting()
    return Check("queue", True, f"{left} copies wait for their next try." if left else "no copy waits.")


def _keys(of: Config) -> Check:
    """That every password of a server can be read with the keys that there are."""
    from postroom.infra import secrets
    from postroom.outbound.models import OutgoingServer

    kept = list(OutgoingServer.objects.exclude(secret=b"").values_list("name", "secret"))
    if not kept and not of.encryption_keys:
        return Check("keys", True, "no password is kept yet.")
    name = ""
    try:
        secrets.encrypt("-")
        for name, secret in kept:  # noqa: B007 the last one that was tried is named
            secrets.decrypt(bytes(secret))
    except PostroomError as error:
        whose = f"the password of {name}: " if name else ""
        return Check("keys", False, f"{whose}{error}")
    return Check("keys", True, f"{len(kept)} passwords of servers can be read.")
