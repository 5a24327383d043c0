"""An SMTP server for tests that says and does what it is told: any reply at any step, junk, silence, hanging up.

It counts what each recipient got by itself: what reached the final dot was received, unless it was refused with 4xx or
5xx; whoever hangs up there has it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.support.certificates import Files


@dataclass(frozen=True)
class Drop:
    """Hang up, after so many bytes of the content where the step is `content`."""

    after: int = 0


@dataclass(frozen=True)
class Hang:
    """Say nothing for so long, then go on as if nothing had been asked."""

    seconds: float = 30.0


Action = str | bytes | Drop | Hang  # a reply line; bytes as they are; or what else to do
DROP = Drop()


@dataclass(frozen=True)
class Mail:
    """What reached the final dot. `login` is the user name, `tls` whether the connection was encrypted."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: str = ""
    login: str = ""
    tls: bool = False


@dataclass
class _Talk:
    """The state of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sender: str = ""
    options: str = ""
    recipients: list[str] = field(default_factory=list)
    login: str = ""
    tls: bool = False


class SmtpServer:
    """Runs in a thread of its own while the `with` block does. `certificates` offers STARTTLS, or TLS from the start
    where `implicit`, and so does `context`; `users` are those who may log in, by name; `port` 0 is any that is free.
    """

    def __init__(
        self,
        *,
        certificates: Files | None = None,
        context: ssl.SSLContext | None = None,
        implicit: bool = False,
        users: dict[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.port = port
        self.mails: list[Mail] = []
        self.connections = 0
        self.open_now = 0
        self.commands: list[str] = []
        self.extensions = ["SIZE 36700160", "8BITMIME", "ENHANCEDSTATUSCODES"]
        self.implicit = implicit
        self._certificates = certificates
        self._given = context
        self.mechanisms = "PLAIN LOGIN"
        self._users = users
        self._scripts: defaultdict[str, list[Action]] = defaultdict(list)
        self._always: dict[str, Action] = {}
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._transports: list[asyncio.WriteTransport] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def on(self, step: str, *actions: Action) -> SmtpServer:
        """Do these, one each time, at a step: `connect`, a command such as `MAIL`, a command and its address such as
        `RCPT a@b.example`, `content` (while the mail comes), `dot` (after it), `dot a@b.example`.
        """
        self._scripts[step].extend(actions)
        return self

    def always(self, step: str, action: Action) -> SmtpServer:
        """Do this at every such step, once what was told by `on` is done."""
        self._always[step] = action
        return self

    def counts(self) -> Counter[str]:
        """How often each recipient got a mail."""
        return Counter(one for mail in self.mails for one in mail.recipients)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        context = self._context() if self.implicit else None
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=context))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for transport in self._transports:
            transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def _context(self) -> ssl.SSLContext:
        if self._given is not None:
            return self._given
        assert self._certificates is not None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificates.certificate, self._certificates.key)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        talk = _Talk(reader, writer, tls=self.implicit)
        self._transports.append(writer.transport)
        try:
            if await self._act(talk, "connect", "220 test.example ESMTP"):
                while await self._command(talk):
                    pass
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, ValueError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self.open_now -= 1
            writer.close()

    def _next(self, *steps: str) -> Action | None:
        for step in steps:
            if self._scripts[step]:
                return self._scripts[step].pop(0)
        return next((self._always[step] for step in steps if step in self._always), None)

    async def _act(self, talk: _Talk, step: str, usual: str, who: str = "") -> bool:
        """Do what is scripted for this step, or what is usual; whether the conversation goes on."""
        return await self._perform(talk, self._next(f"{step} {who}", step), usual) is not None

    async def _perform(self, talk: _Talk, action: Action | None, usual: str) -> bytes | None:
        """What was said: nothing by a server that hangs. None where it hangs up now."""
        if isinstance(action, Drop):
            return None
        if isinstance(action, Hang):
            await asyncio.sleep(action.seconds)
            return b""
        said = usual if action is None else action
        line = said if isinstance(said, bytes) else said.encode() + b"\r\n"
        talk.writer.write(line)
        await talk.writer.drain()
        return None if line.startswith(b"421") else line

    async def _command(self, talk: _Talk) -> bool:
        line = (await talk.reader.readline()).decode("utf-8", "replace")
        if not line:
            return False
        word, _, rest = line.strip().partition(" ")
        self.commands.append(line.strip())
        handlers: dict[str, Callable[[_Talk, str], object]] = {
            "EHLO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
        }
        handler = handlers.get(word.upper())
        if handler is not None:
            return bool(await handler(talk, rest))  # type: ignore[misc]
        if word.upper() == "RSET":
            talk.sender, talk.recipients = "", []
        going = await self._act(talk, word.upper(), "221 2.0.0 Bye" if word.upper() == "QUIT" else "250 2.0.0 Ok")
        return going and word.upper() != "QUIT"

    async def _ehlo(self, talk: _Talk, rest: str) -> bool:
        offered = list(self.extensions)
        if (self._certificates or self._given) and not talk.tls:
            offered.append("STARTTLS")
        if self._users is not None:
            offered.append(f"AUTH {self.mechanisms}")
        lines = ["test.example", *offered]
        usual = "\r\n".join([*(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}"])
        return await self._act(talk, "EHLO", usual)

    async def _starttls(self, talk: _Talk, rest: str) -> bool:
        if not await self._act(talk, "STARTTLS", "220 2.0.0 Go on"):
            return False
        await talk.writer.start_tls(self._context())
        talk.tls = True
        return True

    async def _auth(self, talk: _Talk, rest: str) -> bool:
        words = rest.split()
        given = words[1] if len(words) > 1 else ""
        match words[0].upper():
            case "PLAIN":
                _, user, password = base64.b64decode(given).decode().split("\0")
                right = (self._users or {}).get(user) == password
            case "CRAM-MD5":
                challenge = b"<1.2@test.example>"
                user, _, digest = (await self._asked(talk, challenge)).rpartition(" ")
                known = (self._users or {}).get(user, "").encode()
                right = bool(known) and hmac.new(known, challenge, hashlib.md5).hexdigest() == digest
            case "LOGIN":
                user = base64.b64decode(given).decode() if given else await self._asked(talk, b"Username:")
                right = (self._users or {}).get(user) == await self._asked(talk, b"Password:")
            case _:
                user, right = "", False
        talk.login = user
        return await self._act(talk, "AUTH", "235 2.7.0 Welcome" if right else "535 5.7.8 Wrong user name or password")

    async def _asked(self, talk: _Talk, question: bytes) -> str:
        talk.writer.write(b"334 " + base64.b64encode(question) + b"\r\n")
        await talk.writer.drain()
        return base64.b64decode(await talk.reader.readline()).decode()

    async def _mail(self, talk: _Talk, rest: str) -> bool:
        talk.sender, talk.recipients = _path(rest), []
        talk.options = rest.partition(">")[2].strip()
        return await self._act(talk, "MAIL", "250 2.1.0 Ok", talk.sender)

    async def _rcpt(self, talk: _Talk, rest: str) -> bool:
        who = _path(rest)
        said = await self._perform(talk, self._next(f"RCPT {who}", "RCPT"), "250 2.1.5 Ok")
        if said is not None and said.startswith(b"2"):
            talk.recipients.append(who)
        return said is not None

    async def _data(self, talk: _Talk, rest: str) -> bool:
        said = await self._perform(talk, self._next("DATA"), "354 Go on")
        if said is None or not said.startswith(b"354"):
            return said is not None
        stop = self._next("content")
        if isinstance(stop, Drop):
            await talk.reader.readexactly(stop.after)
            return False
        if isinstance(stop, str | bytes):
            await talk.reader.readexactly(1)
            talk.writer.write(stop if isinstance(stop, bytes) else stop.encode() + b"\r\n")
            await talk.writer.drain()
            return False
        lines: list[bytes] = []
        while (line := await talk.reader.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        mail = Mail(talk.sender, tuple(talk.recipients), b"".join(lines), talk.options, talk.login, talk.tls)
        self.mails.append(mail)
        who = talk.recipients[0] if talk.recipients else ""
        said = await self._perform(talk, self._next(f"dot {who}", "dot"), f"250 2.0.0 Ok: queued as {len(self.mails)}")
        if said is not None and said[:1] in {b"4", b"5"}:
            self.mails.remove(mail)
        return said is not None


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
