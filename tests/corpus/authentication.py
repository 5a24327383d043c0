"""Answers to the corpus of authentication: SPF and DMARC, with the zones that come with each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from postroom.core.addresses import parse_addresses
from postroom.core.authentication.arc import ArcResult, evaluate_arc, read_arc
from postroom.core.authentication.dmarc import DmarcResult, evaluate_dmarc
from postroom.core.authentication.questions import drive
from postroom.core.authentication.signed import Signed, read_signed
from postroom.core.authentication.spf import SpfResult, evaluate_spf
from postroom.core.authentication.verdict import Client, authenticate, evidence
from tests.corpus.zones import arc_zone, dmarc_zone, message_zone, spf_zone

NOW = 1_600_000_000


def authentication(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """The `auth` of one case; what a case gives too little for is left out."""
    if row["kind"] == "spf":
        return {"spf": spf(row).result}
    if row["kind"] == "dmarc":
        result = dmarc(row)
        return {"dmarc": result.result, "policy": result.policy}
    if row["kind"] == "arc-verify":
        return {"arc": arc(folder, row).result}
    return message(folder, row)


def spf(row: dict[str, Any]) -> SpfResult:
    given = row["input"]
    return drive(evaluate_spf(given["ip"], given["mailfrom"], given["helo"]), spf_zone(row["zone"]))


def dmarc(row: dict[str, Any]) -> DmarcResult:
    given = row["input"]
    author = given["headerFrom"] if isinstance(given["headerFrom"], str) else given["headerFrom"][0]
    spf_domains, dkim_domains = ([one["domain"] for one in given[key]] for key in ("spfDomains", "dkimDomains"))
    asking = evaluate_dmarc(author.rpartition("@")[2], next(iter(spf_domains), ""), dkim_domains)
    return drive(asking, dmarc_zone(row["zone"]))


def message_spf(folder: Path, row: dict[str, Any]) -> SpfResult:
    given = row["input"]
    sender = "" if given["mailfrom"] == "<>" else given["mailfrom"]
    return drive(evaluate_spf(given["ip"], sender, given["helo"] or ""), message_zone(folder / row["dns"]))


def arc(folder: Path, row: dict[str, Any]) -> ArcResult:
    raw = (folder / row["file"]).read_bytes()
    zone = arc_zone(row["dns"]) if isinstance(row["dns"], dict) else message_zone(folder / row["dns"])
    return drive(evaluate_arc(read_arc(read_signed(raw)), NOW), zone)


def message(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """All results of a whole mail."""
    given, mail = row["input"], read_signed((folder / row["file"]).read_bytes())
    client = Client(given["ip"] or "", given["helo"] or "", (given["mailfrom"] or "").strip("<>"))
    authors = [one.partition("@")[2] for one in _authors(mail)]
    found = drive(authenticate(evidence(mail), authors, client, NOW), message_zone(folder / row["dns"]))
    return {"spf": found.spf, "dkim": found.dkim, "dmarc": found.dmarc, "arc": found.arc, "policy": found.policy}


def _authors(mail: Signed) -> list[str]:
    text = b" ".join(field.value for field in mail.named(b"from")).decode("utf-8", "replace")
    return [one.email for one in parse_addresses(text)]
