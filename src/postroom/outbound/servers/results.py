"""What the last connection test of a server found, kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction

from postroom.infra.clock import now
from postroom.infra.secrets import CannotDecrypt
from postroom.outbound.choice import reach
from postroom.outbound.models import OutgoingServer
from postroom.outbound.servers.connection_test import State, Step, worked
from postroom.outbound.servers.connection_trouble import Diagnosis
from postroom.outbound.transports.protocol import Server

_SAME = (
    "host", "port", "encryption", "authentication", "username", "password", "mechanism", "certificate", "max_size",
)  # fmt: skip


def keep(tested: Server, steps: Sequence[Step]) -> bool:
    """Keep what a test found, where it tried the server, and as it is set now; whether it did."""
    if any(step.kind == Diagnosis.BUSY for step in steps):
        return False
    kept = [{**asdict(step), "state": step.state.value} for step in steps]
    found = {"tested_at": now(), "test_worked": worked(list(steps)), "test_steps": kept}
    with transaction.atomic():
        row = OutgoingServer.objects.filter(pk=tested.id).select_for_update(no_key=True).first()
        if row is None or not steps or not _is_same(row, tested):
            return False
        return bool(OutgoingServer.objects.filter(pk=row.pk).update(**found))


def _is_same(row: OutgoingServer, tested: Server) -> bool:
    try:
        kept = reach(row)
    except CannotDecrypt:
        return False
    return all(getattr(kept, name) == getattr(tested, name) for name in _SAME)


def kept_steps(row: OutgoingServer) -> list[Step]:
    """The steps of the last test."""
    return [Step(**{**step, "state": State(step["state"])}) for step in row.test_steps]
