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
import time
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


@dataclass(frozen=True)
class Late:
    """Say a line only after so many seconds, then go on."""

    seconds: float
    line: str


@dataclass(frozen=True)
class Drip:
    """Say these bytes again and again, one at a time, with a pause of so many seconds."""

    said: bytes
    pause: float = 0.01


Action = str | bytes | Drop | Hang | Late | Drip  # a reply line; bytes as they are; or what else to do
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
    asked: str = ""  # the recipient that was named last, taken or not
    is_begun: bool = False  # MAIL was taken
    login: str = ""
    tls: bool = False

    def forget(self) -> None:
        """No mail is begun."""
        self.recipients, self.is_begun = [], False


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
        self.nested = 0  # MAIL within a mail: there was no RSET
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
        """Do these, one each time, at a step: `connect`, a command such as `MAIL`, `content` (while the mail comes),
        `dot` (after it), by DATA or BDAT. `MAIL a@b.example` is that of this sender, `RCPT a@b.example`,
        `DATA a@b.example`, `content a@b.example` and `dot a@b.example` those of this recipient.
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

    def wait_for(self, number: int, seconds: float = 20.0) -> None:
        """Until so many mails are there."""
        until = time.monotonic() + seconds
        while len(self.mails) < number:
            assert time.monotonic() < until, f"only {len(self.mails)} of {number} mails came"
            time.sleep(0.02)

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
        return _goes_on(await self._perform(talk, self._next(f"{step} {who}", step), usual))

    async def _perform(self, talk: _Talk, action: Action | None, usual: str) -> bytes | None:
        """What was said: nothing by a server that hangs. None where it hangs up now."""
        if isinstance(action, Drop):
            return None
        if isinstance(action, Hang):
            await asyncio.sleep(action.seconds)
            return b""
        if isinstance(action, Late):
            await asyncio.sleep(action.seconds)
            action = action.line
        if isinstance(action, Drip):
            await self._drip(talk, action)
            return None
        said = usual if action is None else action
        line = said if isinstance(said, bytes) else said.encode() + b"\r\n"
        talk.writer.write(line)
        await talk.writer.drain()
        return line

    async def _drip(self, talk: _Talk, action: Drip) -> None:
        while True:
            for byte in action.said:
                talk.writer.write(bytes([byte]))
                await talk.writer.drain()
                await asyncio.sleep(action.pause)

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
            "BDAT": self._bdat,
        }
        handler = handlers.get(word.upper())
        if handler is not None:
            return bool(await handler(talk, rest))  # type: ignore[misc]
        if word.upper() == "RSET":
            talk.forget()
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
        if talk.is_begun:  # no RSET after a mail that was not taken
            self.nested += 1
            return await self._act(talk, "nested", "503 5.5.1 Nested MAIL")
        talk.sender = _path(rest)
        talk.options = rest.partition(">")[2].strip()
        said = await self._perform(talk, self._next(f"MAIL {talk.sender}", "MAIL"), "250 2.1.0 Ok")
        talk.is_begun = said is not None and said.startswith(b"2")
        return _goes_on(said)

    async def _rcpt(self, talk: _Talk, rest: str) -> bool:
        talk.asked = _path(rest)
        usual = "250 2.1.5 Ok" if talk.is_begun else "503 5.5.1 MAIL first"
        said = await self._perform(talk, self._next(f"RCPT {talk.asked}", "RCPT"), usual)
        if said is not None and said.startswith(b"2"):
            talk.recipients.append(talk.asked)
        return _goes_on(said)

    async def _data(self, talk: _Talk, rest: str) -> bool:
        usual = "354 Go on" if talk.recipients else "554 5.5.1 No valid recipients"
        said = await self._perform(talk, self._next(f"DATA {talk.asked}", "DATA"), usual)
        if said is None or not said.startswith(b"354"):
            return _goes_on(said)
        if (stop := self._next(f"content {talk.asked}", "content")) is not None:
            return await self._stop(talk, stop)
        lines: list[bytes] = []
        while (line := await talk.reader.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        return await self._take(talk, b"".join(lines))

    async def _bdat(self, talk: _Talk, rest: str) -> bool:
        """RFC 3030 §2: the bytes come at once, and are read whatever becomes of them."""
        if talk.recipients and (stop := self._next(f"content {talk.asked}", "content")) is not None:
            return await self._stop(talk, stop)
        size, _, last = rest.partition(" ")
        assert last == "LAST"
        return await self._take(talk, await talk.reader.readexactly(int(size)))

    async def _stop(self, talk: _Talk, action: Action) -> bool:
        """While the mail comes: nothing of it is kept, and the conversation ends."""
        if isinstance(action, Drop):
            await talk.reader.readexactly(action.after)
        elif isinstance(action, Hang):
            await asyncio.sleep(action.seconds)
        elif isinstance(action, str | bytes):
            await talk.reader.readexactly(1)
            talk.writer.write(action if isinstance(action, bytes) else action.encode() + b"\r\n")
            await talk.writer.drain()
        return False

    async def _take(self, talk: _Talk, data: bytes) -> bool:
        """Say what becomes of a mail that is there; nobody's mail is nothing."""
        mail = Mail(talk.sender, tuple(talk.recipients), data, talk.options, talk.login, talk.tls)
        if not mail.recipients:
            talk.forget()
            return await self._act(talk, "nobody", "554 5.5.1 No valid recipients")
        self.mails.append(mail)
        talk.forget()
        usual = f"250 2.0.0 Ok: queued as {len(self.mails)}"
        said = await self._perform(talk, self._next(f"dot {mail.recipients[0]}", "dot"), usual)
        if said is not None and said[:1] in {b"4", b"5"}:
            self.mails.remove(mail)
        return _goes_on(said)


def _goes_on(said: bytes | None) -> bool:
    """Whether the conversation does after these words; None: the server hung up instead."""
    return said is not None and not said.startswith(b"421")


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
