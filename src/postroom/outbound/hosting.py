"""Where servers of companies may be looked for: hosted, neither at port 25 nor in private networks."""

from __future__ import annotations

from postroom.infra.config import config
from postroom.infra.networks import is_private, is_refused

REFUSED_PORTS = frozenset({25})  # of companies that an operator hosts: mail to the world leaves by submission
SUBMISSION = "465, 587 or 2525"


def is_hosted(company: int | None) -> bool:
    """Whether a server of this company is subject to the hosting profile; those of all companies are the operator's."""
    return company is not None and bool(config().hosted_domain)


def port_problem(company: int | None, port: int) -> str:
    """Why a server of this company can't use a port, and which to use instead; empty where it can."""
    if not is_hosted(company) or port not in REFUSED_PORTS:
        return ""
    return f"Port {port} can't be used here. Your provider also listens at {SUBMISSION}: use one of these."


def address_problem(address: str, *, public_only: bool) -> str:
    """Why nothing of ours connects to this address, in a sentence; empty where it may."""
    if is_refused(address):
        return f"{address} belongs to the machine itself or to its cloud: no mail server is looked for there."
    if public_only and is_private(address):
        return f"{address} is in a private network: servers of companies must have a public address here."
    return ""
