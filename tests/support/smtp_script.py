"""A mail server that says what a test wants it to say, over real sockets and real TLS; and remembers what it heard."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

SILENCE = "…"  # an answer that never comes
HANG_UP = "!"  # the connection is closed instead of an answer


@dataclass
class Script:
    """What it answers, by verb; `login` is the pair that it lets in. `tls`: a context, begun at once or by STARTTLS."""

    tls: ssl.SSLContext | None = None
    at_once: bool = False
    greeting: str = "220 mail.example ESMTP"
    offers: tuple[str, ...] = ("PIPELINING", "AUTH PLAIN LOGIN")
    login: tuple[str, str] = ("post@acme.example", "correct-battery-7")
    answers: Mapping[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def scripted(script: Script) -> Iterator[Script]:
    """The server, on a port of this machine, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    script.port = listener.getsockname()[1]
    ended = threading.Event()
    thread = threading.Thread(target=_serve, args=(listener, script, ended), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        ended.set()
        thread.join(5)
        listener.close()


def _serve(listener: socket.socket, script: Script, ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(TimeoutError):
            met, _ = listener.accept()
            met.settimeout(5)
            with suppress(OSError), met:
                _talk(met, script, ended)


def _talk(met: socket.socket, script: Script, ended: threading.Event) -> None:
    if script.at_once and script.tls:
        met = script.tls.wrap_socket(met, server_side=True)
    with met:
        if not _say(met, script.greeting, ended):
            return None
        encrypted, words = script.at_once, _lines(met)
        for line in words:
            script.heard.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "STARTTLS" and script.tls and verb not in script.answers:
                _say(met, "220 go on", ended)
                met = script.tls.wrap_socket(met, server_side=True)
                return _after_tls(met, script, ended)
            if not _say(met, _answer(script, verb, line, encrypted, met), ended):
                return None
    return None


def _after_tls(met: socket.socket, script: Script, ended: threading.Event) -> None:
    with met:
        for line in _lines(met):
            script.heard.append(line)
            verb = line.split(" ")[0].upper()
            if not _say(met, _answer(script, verb, line, True, met), ended):
                return


def _answer(script: Script, verb: str, line: str, encrypted: bool, met: socket.socket) -> str:
    if verb in script.answers:
        return script.answers[verb]
    if verb == "EHLO":
        starttls = ("STARTTLS",) if script.tls and not encrypted else ()
        lines = ["mail.example", *starttls, *script.offers]
        return "\r\n".join([*(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}"])
    if verb == "AUTH":
        return _let_in(script, line, met)
    return {"QUIT": "221 bye", "STARTTLS": "502 5.5.1 unknown"}.get(verb, "250 2.0.0 fine")


def _let_in(script: Script, line: str, met: socket.socket) -> str:
    given: tuple[str, ...]
    _, kind, *rest = line.split(" ")
    if kind == "PLAIN":
        given = tuple(base64.b64decode(rest[0]).decode().split("\0")[1:])
    elif kind == "CRAM-MD5":
        challenge = b"<1896.697170952@mail.example>"
        met.sendall(b"334 " + base64.b64encode(challenge) + b"\r\n")
        user, _, digest = base64.b64decode(next(_lines(met))).decode().rpartition(" ")
        right = hmac.new(script.login[1].encode(), challenge, hashlib.md5).hexdigest()
        given = (user, script.login[1] if digest == right else "wrong")
    elif kind == "EXTERNAL":
        given = script.login if isinstance(met, ssl.SSLSocket) and met.getpeercert() else ()
    else:
        answers = []
        for asked in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
            met.sendall(f"{asked}\r\n".encode())
            answers.append(base64.b64decode(next(_lines(met))).decode())
        given = tuple(answers)
    if given == script.login:
        return "235 2.7.0 welcome"
    return f"535 5.7.8 no such pair {' '.join(given)} {' '.join(rest)}"  # some tell all that they heard


def _say(met: socket.socket, words: str, ended: threading.Event) -> bool:
    if words == SILENCE:
        ended.wait(5)
    if words in {SILENCE, HANG_UP}:
        return False
    met.sendall(f"{words}\r\n".encode())
    return not words.startswith("221")


def _lines(met: socket.socket) -> Iterator[str]:
    buffer = b""
    while True:
        while b"\n" not in buffer:
            data = met.recv(4096)
            if not data:
                return
            buffer += data
        line, _, buffer = buffer.partition(b"\n")
        yield line.decode("utf-8", "replace").strip()
