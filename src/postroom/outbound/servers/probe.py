"""A conversation with a server, one line at a time and with a deadline: what a test of a connection speaks.

Mail goes out by the transports; here every answer is wanted in the server's own words, and nothing is ever sent.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from postroom.core.delivery.smtp_replies import clean_words
from postroom.outbound.transports.protocol import Server

LONGEST_LINE = 4096  # octets; RFC 5321 §4.5.3.1.5 has 512
MOST_LINES = 100  # of one reply
Found = tuple[socket.AddressFamily, str]


class Trouble(Exception):
    """The conversation ended; `kind` says how: `closed`, `timeout`, `babble` (no SMTP), `deadline`; `said` are its
    words.
    """

    def __init__(self, kind: str, said: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.said = said


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: its code and its lines (RFC 5321 §4.2)."""

    code: int
    lines: tuple[str, ...]

    @property
    def words(self) -> str:
        return clean_words(f"{self.code} {' '.join(self.lines)}")

    @property
    def good(self) -> bool:
        return 200 <= self.code < 400


class Probe:
    """One connection. `seconds` is what everything together may take; `secrets` never appear in what it tells."""

    def __init__(self, seconds: float, secrets: tuple[str, ...] = ()) -> None:
        self._ends = time.monotonic() + seconds
        self._secrets = _all_forms(secrets)
        self._socket: socket.socket | None = None
        self._buffer = b""

    def left(self, most: float = 3600.0) -> float:
        """The seconds that may still pass, at most `most`.

        Raises:
            Trouble: none are left.

        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Trouble("deadline")
        return min(left, most)

    def resolve(self, host: str, port: int) -> list[Found]:
        """The addresses of a name, in the order in which they are tried.

        Raises:
            OSError: it has none.
            Trouble: no answer came in time.

        """
        answers: list[list[Found] | OSError] = []

        def ask() -> None:
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                answers.append([(family, str(where[0])) for family, _, _, _, where in found])
            except OSError as error:
                answers.append(error)
            except UnicodeError:
                answers.append(socket.gaierror(socket.EAI_NONAME, "no such name"))

        thread = threading.Thread(target=ask, name="resolve", daemon=True)  # the resolver knows no deadline
        thread.start()
        thread.join(self.left(10.0))
        if not answers:
            raise Trouble("timeout")
        if isinstance(answers[0], OSError):
            raise answers[0]
        return answers[0]

    def connect(self, family: socket.AddressFamily, address: str, port: int) -> None:
        """Raises OSError (TimeoutError among them) where nobody takes the connection."""
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(self.left(10.0))
        try:
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        self._socket, self._buffer = made, b""

    def encrypt(self, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Begin TLS.

        Raises:
            ssl.SSLError, OSError: it does not come about.
            Trouble: words stood in the way (RFC 3207 §6), or no time is left.

        """
        assert self._socket is not None
        if self._buffer:
            raise Trouble("babble", self.clean(self._buffer.decode("ascii", "replace")))
        self._socket.settimeout(self.left(15.0))
        wrapped = context.wrap_socket(self._socket, server_hostname=host)
        self._socket = wrapped
        return wrapped

    def listen(self, seconds: float) -> None:
        """Hear what the server says unasked, for so long: an alert of TLS is lost where our words cross it.

        Raises:
            Trouble: it has closed the connection.

        """
        assert self._socket is not None
        self._socket.settimeout(self.left(seconds))
        try:
            data = self._socket.recv(4096)
        except TimeoutError:
            return
        except OSError as error:
            raise Trouble("closed", str(error)) from None
        if not data:
            raise Trouble("closed")
        self._buffer += data

    def ask(self, line: str, most: float = 3600.0) -> Reply:
        """Say a line and hear the answer; CR and LF cannot be said."""
        assert self._socket is not None
        data = line.translate({10: None, 13: None, 0: None}).encode() + b"\r\n"
        self._socket.settimeout(self.left(most))
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise Trouble("timeout") from None
        except OSError as error:
            raise Trouble("closed", str(error)) from None
        return self.reply(most)

    def reply(self, most: float = 3600.0) -> Reply:
        """The next answer, within `most` seconds.

        Raises:
            Trouble: the server is silent, closes the connection, or speaks something else.

        """
        lines: list[str] = []
        ends = time.monotonic() + most
        for _ in range(MOST_LINES):
            line = self._line(ends)
            if not (line[:3].isascii() and line[:3].isdigit()) or line[3:4] not in {" ", "-", ""}:
                raise Trouble("babble", self.clean(line))
            lines.append(self.clean(line[4:]))
            if line[3:4] != "-":
                return Reply(int(line[:3]), tuple(lines))
        raise Trouble("babble", lines[0])

    def _line(self, ends: float) -> str:
        assert self._socket is not None
        while b"\n" not in self._buffer:
            if len(self._buffer) > LONGEST_LINE:
                raise Trouble("babble", self.clean(self._buffer[:200].decode("utf-8", "replace")))
            self._socket.settimeout(max(0.01, min(self.left(), ends - time.monotonic())))
            try:
                data = self._socket.recv(4096)
            except TimeoutError:
                self.left()
                raise Trouble("timeout") from None
            except OSError as error:
                raise Trouble("closed", str(error)) from None
            if not data:
                raise Trouble("closed")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    def clean(self, words: str) -> str:
        """Words of the server as a page may show them: without control characters, and never with a secret."""
        return clean_words(_without(words, self._secrets))

    def quit(self) -> None:
        """Say goodbye, whether or not anybody hears it."""
        if self._socket is None:
            return
        try:
            self._socket.settimeout(1.0)
            self._socket.sendall(b"QUIT\r\n")
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def plain_login(username: str, password: str) -> str:
    """The one answer of AUTH PLAIN (RFC 4616 §2)."""
    return coded(f"\0{username}\0{password}")


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def without_secrets(words: str, server: Server) -> str:
    """A server's words without the password that it was told, plain or as a login carries it."""
    if not server.password:
        return words
    return _without(words, _all_forms((server.password, plain_login(server.username, server.password))))


def _without(words: str, forms: Iterable[str]) -> str:
    for form in forms:
        words = words.replace(form, "…")
    return words


def _all_forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """The longest first: one may stand in another."""
    return tuple(sorted({form for one in secrets for form in _forms(one)}, key=len, reverse=True))


def _forms(secret: str) -> list[str]:
    """A secret as a server may echo it."""
    return [secret, coded(secret)] if secret else []
