"""Answers to the corpus of authentication: SPF and DMARC, with the zones that come with each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from postroom.core.authentication.dmarc import DmarcResult, evaluate_dmarc
from postroom.core.authentication.questions import drive
from postroom.core.authentication.spf import SpfResult, evaluate_spf
from tests.corpus.zones import dmarc_zone, message_zone, spf_zone


def authentication(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """The `auth` of one case; what cannot be told yet (DKIM, ARC) is left out."""
    if row["kind"] == "spf":
        return {"spf": spf(row).result}
    if row["kind"] == "dmarc":
        result = dmarc(row)
        return {"dmarc": result.result, "policy": result.policy}
    if row["kind"] == "auth-message" and row["input"]["ip"] and row["input"]["mailfrom"]:
        return {"spf": message_spf(folder, row).result}
    return {}


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
