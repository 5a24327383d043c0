"""The listener: the SMTP and LMTP doors, the committer and the errands, in one process."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import signal
import ssl
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from django.db import DatabaseError

from postroom.inbound.listener.address_table import read_table
from postroom.inbound.listener.committer import Committer
from postroom.inbound.listener.errands import Errands
from postroom.inbound.listener.reception import Reception
from postroom.inbound.sources.lmtp import LmtpSession
from postroom.inbound.sources.smtp import SmtpSession
from postroom.infra.config import config
from postroom.infra.logs import logger

log = logger(__name__)

UNAVAILABLE = 69  # EX_UNAVAILABLE
SETTLE_SECONDS = 5.0
RETRY_SECONDS = 1.0


def serve() -> None:
    """Listen until SIGTERM or SIGINT, then let running mails end.

    Raises:
        SystemExit: a port or the socket can't be bound.

    """
    with asyncio.Runner(loop_factory=_faster_loop) as runner:
        runner.run(_serve())


def _faster_loop() -> asyncio.AbstractEventLoop:
    """The loop of uvloop where it is installed: a session costs a fifth less."""
    try:
        import uvloop  # noqa: PLC0415 not on every platform
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    committer = Committer(loop)
    reception = Reception(committer)
    servers = [await _smtp_server(reception), await _lmtp_server(reception)]
    _make_spool()
    _drop_privileges()
    committer.start()
    errands = Errands(reception)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        await _first_table(reception, stopping)
        for server in servers:
            await server.start_serving()
        errands.start()
        log.info("listener is ready", smtp=f"{config().smtp_host}:{config().smtp_port}", lmtp=str(config().lmtp_path))
        await stopping.wait()
    finally:
        await _close(servers, reception)
        if errands.is_running:
            await asyncio.to_thread(errands.stop)
        await asyncio.to_thread(committer.stop)
        with suppress(OSError):
            config().lmtp_path.unlink()


async def _first_table(reception: Reception, stopping: asyncio.Event) -> None:
    """Nobody is answered before it is known which addresses are ours."""
    while not stopping.is_set():
        try:
            reception.table = await reception.committer.ask(read_table)
        except DatabaseError as error:
            log.warning("waiting for the database", error=str(error).strip())
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def _smtp_server(reception: Reception) -> asyncio.Server:
    host, port = config().smtp_host, config().smtp_port
    make = partial(SmtpSession, reception, tls_context=_tls_context(), loop=asyncio.get_running_loop())
    try:
        return await asyncio.get_running_loop().create_server(make, host, port, backlog=1024, start_serving=False)
    except OSError as error:
        sys.stderr.write(f"Port {port} on {host} can't be used ({error.strerror}): give another with --smtp-port.\n")
        raise SystemExit(UNAVAILABLE) from None


async def _lmtp_server(reception: Reception) -> asyncio.Server:
    path = config().lmtp_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a socket that a killed process left
    make = partial(LmtpSession, reception, loop=asyncio.get_running_loop())
    try:
        server = await asyncio.get_running_loop().create_unix_server(make, path, start_serving=False)
    except OSError as error:
        sys.stderr.write(f"The LMTP socket {path} can't be made ({error.strerror}): give another with --lmtp-socket.\n")
        raise SystemExit(UNAVAILABLE) from None
    _share(path, 0o660)
    _open_the_way(path)
    return server


def _make_spool() -> None:
    """Files that mailgate leaves there take the folder's group, so that the listener may read them."""
    path = config().spool_path
    path.mkdir(parents=True, exist_ok=True)
    if config().lmtp_group:
        _share(path, 0o2770)
        _open_the_way(path)


def _open_the_way(path: Path) -> None:
    """Let the MTA's group pass through our own folders to what it may use: passing is not reading."""
    var = config().var.absolute()
    for folder in path.absolute().parents if config().lmtp_group else ():
        if folder == var or var in folder.parents:
            folder.chmod(folder.stat().st_mode | 0o001)


def _share(path: Path, mode: int) -> None:
    """For the user that the listener becomes, and for the MTA's group."""
    try:
        group = grp.getgrnam(config().lmtp_group).gr_gid if config().lmtp_group else -1
        user = pwd.getpwnam(config().smtp_user).pw_uid if _drops_privileges() else -1
        os.chown(path, user, group)
        path.chmod(mode)  # last: a change of owner takes the group's bit away
    except (KeyError, OSError) as error:
        sys.stderr.write(f"{path} can't be shared with group {config().lmtp_group!r}: {error}\n")
        raise SystemExit(UNAVAILABLE) from None


def _tls_context() -> ssl.SSLContext | None:
    if not config().smtp_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config().smtp_certificate, config().smtp_private_key or None)
    return context


def _drops_privileges() -> bool:
    return os.geteuid() == 0 and bool(config().smtp_user)


def _drop_privileges() -> None:
    """Bound to a low port as root, go on as somebody who may do less."""
    if not _drops_privileges():
        return
    user = pwd.getpwnam(config().smtp_user)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


async def _close(servers: list[asyncio.Server], reception: Reception) -> None:
    """Take no more connections; give those that are in the middle of a mail a moment."""
    reception.closing = True
    for server in servers:
        server.close()
    clock = asyncio.get_running_loop().time
    until = clock() + SETTLE_SECONDS
    while clock() < until and any(session.is_busy for session in reception.sessions):  # noqa: ASYNC110 each by itself
        await asyncio.sleep(0.02)
    for session in list(reception.sessions):
        session.hang_up()
    await asyncio.sleep(0)
