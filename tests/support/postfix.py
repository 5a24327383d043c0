"""A Postfix of the test's own on loopback, which hands everything on to one port: the mail server before Postroom."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.require import absent, require
from tests.support.running import free_port, stop, wait_for_port

SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = {
    "compatibility_level": "3.6",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": "relay.example",
    "mydestination": "",
    "alias_maps": "",
    "local_recipient_maps": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtp_dns_support_level": "disabled",
    "smtp_host_lookup": "native",
}


@contextmanager
def relaying_to(port: int, settings: Mapping[str, str], tables: Mapping[str, str]) -> Iterator[int]:
    """The port of a Postfix that relays to `port`. `settings` are further lines of main.cf, in which {folder} stands
    for the folder of `tables`, files by their names.
    """
    program = require("postfix")
    if os.geteuid() != 0:
        absent("postfix", "Postfix starts as root only")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    try:
        own, process = _started(program, folder, port, settings, tables)
        try:
            yield own
        finally:
            _stop(folder, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """End it with its daemons, which stand in a session of their own: the script that began them ends without them."""
    with contextlib.suppress(OSError, ValueError):
        os.killpg(int((folder / "queue" / "pid" / "master.pid").read_text()), signal.SIGKILL)
    stop([process])


def _started(
    program: Path, folder: Path, port: int, settings: Mapping[str, str], tables: Mapping[str, str], tries: int = 3
) -> tuple[int, subprocess.Popen[bytes]]:
    """Its port and its process; a port that was free may be somebody's connection by the time that Postfix asks."""
    own = free_port()
    _write(folder, own, port, settings, tables)
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(
            [str(program), "-c", str(folder / "conf"), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            umask=0o022,
        )
    try:
        wait_for_port(own, process, greeting=b"220 relay.example ")
    except RuntimeError as error:
        _stop(folder, process)
        if tries == 1:
            raise RuntimeError(f"{error}\n{_said(folder)}") from None
        return _started(program, folder, port, settings, tables, tries - 1)
    return own, process


def _said(folder: Path) -> str:
    """The last that it and its daemons said."""
    files = [path for path in (folder / "said", folder / "log") if path.exists()]
    return "".join(path.read_text(encoding="utf-8", errors="replace")[-4000:] for path in files)


def _write(folder: Path, own: int, port: int, settings: Mapping[str, str], tables: Mapping[str, str]) -> None:
    """The folders and files of an instance; its daemons run as another user, who has to come that far."""
    folder.chmod(0o755)
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o755)  # whatever the umask
    shutil.chown(folder / "data", "postfix")
    conf = folder / "conf"
    for name, text in tables.items():
        (conf / name).write_text(text, encoding="ascii")
    (conf / "master.cf").write_text(SERVICES.format(port=own), encoding="ascii")
    lines = {
        **SETTINGS,
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "maillog_file": str(folder / "log"),
        "maillog_file_prefixes": str(folder),
        "relayhost": f"[127.0.0.1]:{port}",
        **{name: value.format(folder=conf) for name, value in settings.items()},
    }
    (conf / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in lines.items()), encoding="ascii")
