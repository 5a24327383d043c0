"""`postroom demo`: Postroom with a small company in it."""

from __future__ import annotations

from postroom.infra.config import config
from postroom.project.cli.default_server import for_default_server
from postroom.project.cli.serve import Places, run
from postroom.project.cli.shared import SmtpHost, SmtpPort, Var, WebHost, WebPort
from postroom.project.demo.company import ACME, PASSWORD

WELCOME = """
Postroom is ready: {address}

  Sign in as   {logins}
  Password     {password}
  Mail in      SMTP on {smtp}, kept under {var}
  Mail out     {out}

Four things to try:

  1. Send a mail; within a second it is a lead ({address}/leads):

     printf 'From: Nadia <nadia@customer.example>\\nTo: sales@{domain}\\nSubject: Forty chairs\\n\\nBy May?\\n' |
       curl -s smtp://{smtp} --mail-from nadia@customer.example --mail-rcpt sales@{domain} --crlf -T -

  2. Answer it: {address}/outbox shows each copy that leaves as its recipient sees it, and "Reply as recipient" comes
     back by SMTP (sign in as admin).

  3. Ask why: {address}/arrivals lists every mail with its way, in words (sign in as admin).

  4. Break it: an address that nobody has is refused while the sender is on the line, and Arrivals keeps that, too:

     echo hello | curl -sS smtp://{smtp} --mail-from nadia@customer.example --mail-rcpt nobody@{domain} -T -

Ctrl-C stops it; the data stays.
"""


@for_default_server
def demo(
    var: Var = None,
    web_host: WebHost = None,
    web_port: WebPort = None,
    smtp_host: SmtpHost = None,
    smtp_port: SmtpPort = None,
) -> int:
    """Run Postroom with Acme in it: a small company with people, desks, customers and some mail."""
    return run(lambda at: print(welcome(at), flush=True), "--demo")


def welcome(at: Places) -> str:
    """What the demo says once everything answers."""
    own = config()
    by_server = f"by {own.outgoing_server}:{own.outgoing_port}"
    return WELCOME.format(
        address=at.address,
        logins=", ".join(f"{person.username} ({person.does})" for person in ACME.people),
        password=PASSWORD,
        smtp=f"{at.smtp.reachable_host}:{at.smtp.port}",
        var=own.var,
        out=by_server if own.outgoing_server else f"stays on this machine, in {own.var / 'outbox'}",
        domain=ACME.domain,
    )
