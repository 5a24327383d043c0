"""`postroom inspect`: what a mail says and who wrote it, one line of JSON each, without any database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.project.cli.shared import EX_NOINPUT, EX_USAGE, Failure, print_json, read_mail

if TYPE_CHECKING:
    from postroom.core.authentication.verdict import Client, Verdict
    from postroom.core.message.understood import Understood

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Mails as files; - for standard input.")]
Peer = Annotated[str, typer.Option("--ip", metavar="ADDRESS", help="Who handed it over, so that SPF can be asked.")]
Helo = Annotated[str, typer.Option("--helo", metavar="NAME", help="The name that they gave.")]
Sender = Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The envelope sender.")]
Dns = Annotated[bool, typer.Option("--dns/--no-dns", help="Ask DNS who wrote it, where the mail holds a proof.")]


def inspect_mail(files: Files, ip: Peer = "", helo: Helo = "", sender: Sender = "", dns: Dns = True) -> int:
    """Print what is in each mail, and whether its From holds, as one line of JSON; touches no database."""
    client = _client(ip, helo, sender)
    unreadable = [name for name in files if not _inspect(name, client, dns)]
    return EX_NOINPUT if unreadable else 0


def _client(ip: str, helo: str, sender: str) -> Client | None:
    """Who handed the mails over, where somebody says so.

    Raises:
        Failure: that is no address of a machine.

    """
    from ipaddress import ip_address

    from postroom.core.authentication.verdict import Client

    if not ip:
        return None
    try:
        return Client(str(ip_address(ip)), helo, sender)
    except ValueError:
        raise Failure(f"{ip!r} is not the address of a machine.", EX_USAGE) from None


def _inspect(name: str, client: Client | None, dns: bool) -> bool:
    from postroom.core.message.inspect import inspected
    from postroom.core.message.understood import understand
    from postroom.outbound.replies import rules

    try:
        raw = read_mail(name)
    except Failure as failure:
        print_json({"file": name, "error": str(failure)})
        return False
    started = time.perf_counter()
    understood = understand(raw)
    seconds = round(time.perf_counter() - started, 6)
    verdict = _verdict(understood, client) if dns else None
    print_json(inspected(understood, seconds, name, verdict, rules=rules()))
    return True


def _verdict(understood: Understood, client: Client | None) -> Verdict:
    from postroom.core.authentication.verdict import authenticate
    from postroom.infra.config import config
    from postroom.infra.dns import resolver

    asking = authenticate(understood.proofs, understood.author_domains, client, int(time.time()))
    return resolver().evaluate_now(asking, config().authentication_seconds)
