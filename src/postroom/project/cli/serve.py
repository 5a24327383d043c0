"""`postroom serve`: prepare, then run and watch the three processes. This process itself never loads Django."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from postroom.infra import setup_code
from postroom.infra.config import Config, config
from postroom.project.cli.default_server import for_default_server
from postroom.project.cli.shared import Failure, SmtpHost, SmtpPort, Var, WebHost, WebPort
from postroom.project.supervisor import (
    Child,
    Door,
    Supervisor,
    alone,
    answers_http,
    answers_smtp,
    command_of,
    ensure_free,
)

HEALTH = "/api/v1/health"
PROCESSES = ("web", "smtp", "worker")


@dataclass(frozen=True, slots=True)
class Places:
    """Where an installation is served."""

    web: Door
    smtp: Door
    host: str

    @property
    def address(self) -> str:
        """The address of the pages, as one types it on this machine."""
        host = self.web.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web.port}"


def places(of: Config) -> Places:
    """The doors of a configuration, and a host name that the pages answer to."""
    return Places(
        web=Door(of.web_host, of.web_port, "--web-port"),
        smtp=Door(of.smtp_host, of.smtp_port, "--smtp-port"),
        host=of.hosts.split(",", maxsplit=1)[0].strip(),
    )


@for_default_server
def serve(
    var: Var = None,
    web_host: WebHost = None,
    web_port: WebPort = None,
    smtp_host: SmtpHost = None,
    smtp_port: SmtpPort = None,
) -> int:
    """Run Postroom: pages, doors and worker, watched and started again when they die. Ctrl-C stops it."""
    return run(_say_ready)


def _say_ready(at: Places) -> None:
    """Where it is; while nobody can sign in, also where a browser sets it up."""
    print(f"Postroom is ready: {at.address}, mail by SMTP to {at.smtp}.", flush=True)
    if code := setup_code.known():
        print(f"Nobody can sign in yet. Set it up at {at.address}/welcome?code={code}", flush=True)


def run(on_ready: Callable[[Places], None], *prepare_with: str) -> int:
    """Check the ports, prepare in a process of its own, run the children; the exit status."""
    at = places(config())
    with alone(config().run_dir):
        ensure_free(at.web)
        ensure_free(at.smtp)
        _prepare(*prepare_with)
        return Supervisor(
            children=[Child(name, command_of(name)) for name in PROCESSES],
            first_pause=config().restart_seconds,
            is_ready=lambda: answers_smtp(at.smtp) and answers_http(at.web, at.host, HEALTH),
            on_ready=lambda: on_ready(at),
        ).run()


def _prepare(*arguments: str) -> None:
    """The child has said what is wrong, if something is: its exit status is ours."""
    status = subprocess.run(command_of("prepare", *arguments), check=False).returncode  # noqa: S603 our own program
    if status < 0:
        raise KeyboardInterrupt
    if status:
        raise Failure("nothing was started.", status)
