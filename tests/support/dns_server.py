"""A DNS server on loopback, UDP and TCP on one port: answers from a table, and misbehaves where the table says so."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from postroom.infra.config import config
from postroom.infra.dns import resolver

Fault = Literal["SERVFAIL", "REFUSED", "NXDOMAIN", "NODATA", "TRUNCATED", "MALFORMED", "SILENT"]
Records = Mapping[tuple[str, str], "list[str] | Fault"]
SOA = "ns.example. hostmaster.example. 1 3600 600 86400 {seconds}"


class DnsServer:
    """`table` maps (name, type) to records as zone files write them, or to a fault; what is not there is NXDOMAIN.

    A name with records of another type has NODATA. `TRUNCATED` followed by records is meant as: cut short over UDP; put
    the name into `over_tcp` with the whole answer. `asked` lists what was asked, with the protocol.
    """

    def __init__(self, table: Records, ttl: int = 300, over_tcp: Records | None = None) -> None:
        self.table, self.ttl, self.over_tcp = dict(table), ttl, dict(over_tcp or {})
        self.asked: list[tuple[str, str, str]] = []
        self.port = 0

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def reply(self, wire: bytes, protocol: str) -> bytes | None:
        """The bytes to say, or None for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, protocol))
        said = (self.over_tcp.get((name, kind)) if protocol == "tcp" else None) or self.table.get((name, kind))
        response = dns.message.make_response(query, recursion_available=True)
        if said is None:
            said = "NODATA" if any(known == name for known, _ in self.table) else "NXDOMAIN"
        if isinstance(said, list):
            response.answer.append(dns.rrset.from_text_list(question.name, self.ttl, "IN", kind, said))
            return response.to_wire(max_size=65535)
        return self._fault(said, response)

    def _fault(self, fault: Fault, response: dns.message.Message) -> bytes | None:
        if fault in {"SERVFAIL", "REFUSED"}:
            response.set_rcode(dns.rcode.from_text(fault))
        elif fault in {"NXDOMAIN", "NODATA"}:
            response.set_rcode(dns.rcode.NXDOMAIN if fault == "NXDOMAIN" else dns.rcode.NOERROR)
            name = response.question[0].name
            origin = name if name == dns.name.root else name.parent()
            soa = SOA.format(seconds=self.ttl)
            response.authority.append(dns.rrset.from_text(origin, self.ttl, "IN", "SOA", soa))
        elif fault == "TRUNCATED":
            response.flags |= dns.flags.TC
        else:
            return None if fault == "SILENT" else response.to_wire()[:2] + b"\xff" * 40
        return response.to_wire()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = self._server.reply(data, "udp")
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)


async def _tcp(server: DnsServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        size = int.from_bytes(await reader.readexactly(2), "big")
        said = server.reply(await reader.readexactly(size), "tcp")
        if said is not None:
            writer.write(len(said).to_bytes(2, "big") + said)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _sockets() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same free port."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
            continue
        return udp, tcp


async def _serve(server: DnsServer, ready: threading.Event, stop: asyncio.Event) -> None:
    udp, tcp = _sockets()
    server.port = tcp.getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Udp(server), sock=udp)
    listening = await asyncio.start_server(lambda reader, writer: _tcp(server, reader, writer), sock=tcp)
    ready.set()
    await stop.wait()
    transport.close()
    listening.close()
    await listening.wait_closed()


def table_of(zone: Mapping[str, str]) -> Records:
    """A table of `name TXT` and the like, each with its one record; a long text in several strings (RFC 7208 §3.3)."""
    table: dict[tuple[str, str], list[str] | Fault] = {}
    for key, value in zone.items():
        name, _, kind = key.partition(" ")
        pieces = [value[start : start + 250] for start in range(0, len(value), 250)]
        table[name, kind] = [" ".join(f'"{piece}"' for piece in pieces)] if kind == "TXT" else [value]
    return table


@contextmanager
def resolving(table: Records) -> Iterator[DnsServer]:
    """What this process asks of DNS is answered from such a table."""
    settings, before = config(), config().dns_servers
    with serving(table) as server:
        settings.dns_servers = f"127.0.0.1:{server.port}"
        resolver.cache_clear()
        try:
            yield server
        finally:
            settings.dns_servers = before
            resolver.cache_clear()


@contextmanager
def serving(table: Records, ttl: int = 300, over_tcp: Records | None = None) -> Iterator[DnsServer]:
    """Run a server in a thread of its own."""
    server, ready = DnsServer(table, ttl, over_tcp), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(_serve(server, ready, stop))
        loop.close()

    thread = threading.Thread(target=run, name="dns-server", daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
