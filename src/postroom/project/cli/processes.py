"""The three processes of an installation: pages and API, the doors, the worker."""

from __future__ import annotations

from postroom.project.cli.default_server import for_default_server
from postroom.project.cli.shared import SmtpHost, SmtpPort, Var, WebHost, WebPort, use_django
from postroom.project.supervisor import Door, ensure_free, follow_supervisor

GRACE_SECONDS = 3  # for answers that are still being written when the web server stops


def web(var: Var = None, web_host: WebHost = None, web_port: WebPort = None) -> None:
    """Serve the pages and the API."""
    follow_supervisor()
    import uvicorn

    from postroom.infra.config import config

    door = Door(config().web_host, config().web_port, "--web-port")
    ensure_free(door)
    uvicorn.run(
        "postroom.project.asgi:application",
        host=door.host,
        port=door.port,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=bool(config().proxies),
        forwarded_allow_ips=config().proxies or None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def smtp(var: Var = None, smtp_host: SmtpHost = None, smtp_port: SmtpPort = None) -> None:
    """Take mail: the SMTP listener, the LMTP socket and the spool."""
    follow_supervisor()
    from postroom.infra.config import config

    ensure_free(Door(config().smtp_host, config().smtp_port, "--smtp-port"))
    use_django()
    from postroom.inbound.listener import server

    server.serve()


@for_default_server
def worker(var: Var = None) -> None:
    """Settle the mail that was taken, send what is queued, and do what comes round."""
    follow_supervisor()
    use_django()
    from postroom.project import worker as process

    process.serve()
