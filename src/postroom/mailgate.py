"""`postroom mailgate`: hands a mail from a pipe to Postroom; keeps it in the spool where Postroom is not running.

    postroom mailgate [-f SENDER] [--spool DIR] [--socket PATH | --url URL] [RCPT ...] < mail

Without RCPT the recipients are those of Delivered-To, else X-Original-To, else To and Cc. Exit status (sysexits): 0 the
mail is safe, 67 nobody has the address, 69 refused for another reason, 75 nothing is kept, try again, 64 usage.
It loads nothing but the standard library, and little of that.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OK, USAGE, NO_USER, REFUSED, TRY_AGAIN = 0, 64, 67, 69, 75
LARGEST = 35 * 1024 * 1024  # bytes
SECONDS = 30.0
HEADERS = ((b"delivered-to",), (b"x-original-to",), (b"to", b"cc"))
LONGEST_FIELD = 128 * 1024  # bytes
PIECE = re.compile(r'"(?:[^"\\]|\\.){0,200}"|\((?:[^()\\]|\\.){0,200}\)|[<>,;:]|[^<>,;:"(]+|.', re.DOTALL)
BARE = re.compile(rb"\r\n|\r|\n")


class Usage(Exception):
    """The command line is off."""


class Later(Exception):
    """Postroom could not be asked, or said to try again."""


class Unsure(Later):
    """The mail was handed over, but the answer did not come: it may be kept or not."""


class Refused(Exception):
    """Postroom said no, for good."""


def main(argv: list[str]) -> int:
    """Hand over the mail on standard input; the exit status."""
    try:
        return run(argv)
    except Usage as error:
        usage = "Usage: postroom mailgate [-f SENDER] [--spool DIR] [--socket PATH | --url URL] [RCPT ...]"
        return say(USAGE, f"{error} {usage}")
    except Exception as error:  # noqa: BLE001 whatever it is: the MTA has to keep the mail
        return say(TRY_AGAIN, f"451 4.3.0 {error!r}")


def run(argv: list[str]) -> int:
    """As `main`; may raise."""
    options, given = parse(argv)
    limit = int(os.environ.get("POSTROOM_MAX_MESSAGE_SIZE") or LARGEST)
    raw = sys.stdin.buffer.read(limit + 1)
    if len(raw) > limit:
        return say(REFUSED, f"552 5.3.4 The mail is larger than {limit // 1_000_000} MB.")
    raw = without_from_line(raw)
    recipients, from_headers = wanted(raw, given)
    if not recipients:
        return say(USAGE, "The mail names no recipient: give one on the command line.")
    try:
        deliver(options, recipients, raw, from_headers=from_headers)
    except Refused as error:
        words = str(error)
        return say(NO_USER if "5.1.1" in words else REFUSED, words)
    except Unsure:  # the same bytes again, so that Postroom can tell that it is the same mail
        return spool(options, recipients, on_the_wire(raw), from_headers=from_headers)
    except (Later, OSError):
        return spool(options, recipients, raw, from_headers=from_headers)
    return OK


def parse(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options by name, and the recipients."""
    var = os.environ.get("POSTROOM_VAR") or "var"
    options = {
        "-f": "",
        "--spool": os.environ.get("POSTROOM_SPOOL") or f"{var}/spool",
        "--socket": os.environ.get("POSTROOM_LMTP_SOCKET") or f"{var}/run/lmtp.sock",
        "--url": "",
    }
    recipients: list[str] = []
    words = iter(os.fsencode(word).decode("utf-8", "replace") for word in argv)
    for word in words:
        name, found, value = ("-f", "-f", word[2:]) if word[:2] == "-f" and word[2:] else word.partition("=")
        if word == "--":
            recipients += words
        elif name in options:
            given = value if found else next(words, None)
            if given is None:
                raise Usage(f"{name} needs a value.")
            options[name] = given
        elif word.startswith("-"):
            raise Usage(f"There is no option {word}.")
        else:
            recipients.append(word)
    if options["--url"] and not options["--url"].startswith(("http://", "https://")):
        raise Usage("--url has to begin with http:// or https://.")
    options["-f"] = options["-f"].strip("<> ")
    if options["-f"].upper() == "MAILER-DAEMON":  # how some MTAs write the null sender
        options["-f"] = ""
    return options, recipients


def without_from_line(raw: bytes) -> bytes:
    """Without the "From " line that some MTAs write before a piped mail (RFC 4155)."""
    return raw.partition(b"\n")[2] if raw.startswith((b"From ", b">From ")) else raw


def wanted(raw: bytes, given: list[str]) -> tuple[list[str], bool]:
    """The recipients, and whether they were taken from the headers."""
    if given:
        return given, False
    end = re.search(rb"\r?\n\r?\n", raw)
    head = re.sub(rb"\r?\n[ \t]+", b" ", raw[: end.start() if end else len(raw)])
    fields = [line.partition(b":") for line in re.split(rb"\r?\n", head)]
    for names in HEADERS:
        values = [value[:LONGEST_FIELD] for name, _, value in fields if name.strip().lower() in names]
        found = [one for value in values for one in addresses(value.decode("utf-8", "replace"))]
        if found:
            return list(dict.fromkeys(found)), True
    return [], True


def addresses(field: str) -> list[str]:
    """The addresses of a header field: what stands in angle brackets wins over what stands beside it."""
    found: list[str] = []
    plain, inner, within = "", "", False
    for piece in [*PIECE.findall(field), ","]:
        if piece in {",", ";"} and not within:
            found += [word for word in plain.split() if re.fullmatch(r"[^@\s]+@[^@\s]+", word)]
            plain = inner = ""
        elif piece == "<":
            inner, within = "", True
        elif piece == ">":
            plain, within = inner, False
        elif piece == ":":  # ends a source route or the name of a group
            plain = inner = ""
        elif within:
            inner += piece
        elif not inner and piece[0] not in '"(':
            plain += piece
    return found


def deliver(options: dict[str, str], recipients: list[str], raw: bytes, *, from_headers: bool) -> None:
    """Hand the mail to a running Postroom; the API finds the recipients in the headers itself."""
    if options["--url"]:
        by_http(options, [] if from_headers else recipients, raw)
    else:
        by_lmtp(options, recipients, raw)


def by_lmtp(options: dict[str, str], recipients: list[str], raw: bytes) -> None:
    """LMTP on the socket (RFC 2033); recipients that are refused are heard of only where none is taken."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect(options["--socket"])
        with cast("BinaryIO", connection.makefile("rwb")) as wire:
            expect(wire, b"2")
            command(wire, f"LHLO {socket.gethostname()}", b"2")
            command(wire, f"MAIL FROM:<{options['-f']}> SIZE={len(raw)}", b"2")
            taken = attempts([partial(command, wire, f"RCPT TO:<{one}>", b"2") for one in recipients])
            command(wire, "DATA", b"3")
            try:
                hand_over(wire, raw, taken)
            except (Later, OSError) as error:
                raise Unsure(str(error)) from error


def hand_over(wire: BinaryIO, raw: bytes, taken: int) -> None:
    """The mail itself; one yes is enough, since it is kept for all recipients or for none."""
    lines = on_the_wire(raw).replace(b"\r\n.", b"\r\n..")
    wire.write((b"." if lines.startswith(b".") else b"") + lines + b".\r\n")
    wire.flush()
    attempts([partial(expect, wire, b"2")] * taken, enough=1)
    with suppress(OSError):
        wire.write(b"QUIT\r\n")
        wire.flush()


def on_the_wire(raw: bytes) -> bytes:
    """The mail as LMTP carries it: every line ends with CRLF."""
    lines = BARE.sub(b"\r\n", raw)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def attempts(tries: list[Callable[[], None]], enough: int = sys.maxsize) -> int:
    """How many of these went well, up to `enough`; raises Refused where none did, all words together."""
    done, refused = 0, []
    for attempt in tries:
        if done == enough:
            break
        try:
            attempt()
            done += 1
        except Refused as error:
            refused.append(str(error))
    if not done:
        raise Refused("; ".join(refused))
    return done


def command(wire: BinaryIO, line: str, wanted: bytes) -> None:
    """Send a command and read its answer."""
    if "\r" in line or "\n" in line:
        raise Refused("An address holds a line break.")
    wire.write(line.encode("utf-8", "surrogateescape") + b"\r\n")
    wire.flush()
    expect(wire, wanted)


def expect(wire: BinaryIO, wanted: bytes) -> None:
    """Read an answer; raises Refused for 5xx, Later for anything else that is not wanted."""
    line = wire.readline(8192)
    while line[3:4] == b"-":
        line = wire.readline(8192)
    words = line.decode("utf-8", "replace").strip()
    if line[:1] == b"5":
        raise Refused(words)
    if line[:1] != wanted:
        raise Later(words)


def by_http(options: dict[str, str], recipients: list[str], raw: bytes) -> None:
    """POST to the API; the token stands in POSTROOM_TOKEN."""
    from urllib.error import HTTPError  # noqa: PLC0415 slow to load, seldom needed
    from urllib.parse import urlencode  # noqa: PLC0415 as above
    from urllib.request import Request, urlopen  # noqa: PLC0415 as above

    query = urlencode([("sender", options["-f"]), *(("recipient", one) for one in recipients)])
    headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {os.environ.get('POSTROOM_TOKEN', '')}"}
    try:
        request = Request(f"{options['--url']}?{query}", data=raw, headers=headers)  # noqa: S310 checked in parse
        urlopen(request, timeout=SECONDS).close()  # noqa: S310 as above
    except HTTPError as error:
        words = error.read(2000).decode("utf-8", "replace")
        if 400 <= error.code < 500 and error.code not in (401, 403, 404, 408, 429):
            raise Refused(words) from None
        raise Later(words) from None


def spool(options: dict[str, str], recipients: list[str], raw: bytes, *, from_headers: bool) -> int:
    """Write the mail where Postroom looks for it when it starts; it is on the disk before this says so."""
    import json  # noqa: PLC0415 only where Postroom does not answer
    from pathlib import Path  # noqa: PLC0415 as above

    key = f"{time.time():017.6f}-{os.urandom(16).hex()}"
    envelope = {
        "id": key,
        "sender": options["-f"],
        "recipients": recipients,
        "from_headers": from_headers,
        "time": time.time(),
    }
    folder = Path(options["--spool"])
    try:
        make(folder)
        write(folder, key, json.dumps(envelope).encode() + b"\n" + raw)
    except OSError as error:
        words = f"Postroom does not answer and the spool {folder} can't be written: {error.strerror}."
        return say(TRY_AGAIN, f"451 4.3.0 {words}")
    return OK


def make(folder: Path) -> None:
    """The spool, durable, where it is not there yet; never the folder that it stands in: a pipe that was started
    elsewhere would leave the mail where nobody looks for it.
    """
    try:
        folder.mkdir()
    except FileExistsError:
        return
    sync(folder.parent)


def write(folder: Path, key: str, content: bytes) -> None:
    """A file under a temporary name, then under its own; readable for the spool's group, whatever the umask."""
    temporary = folder / f".{key}"
    try:
        with temporary.open("xb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / f"{key}.mail")
        sync(folder)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def say(status: int, words: str) -> int:
    """Words for the MTA, which puts them into its bounce."""
    sys.stderr.write(f"postroom mailgate: {words}\n")
    return status
