"""Servers, letters, their deliveries and every attempt."""

from postroom.outbound.models.circuits import Circuit
from postroom.outbound.models.deliveries import ENDED_BADLY, ENDED_WELL, Attempt, Delivery, Lane
from postroom.outbound.models.letters import NOT_KEPT, Dispatch, Letter, LetterFile
from postroom.outbound.models.links import DownloadLink
from postroom.outbound.models.operations import QueueOperation
from postroom.outbound.models.paces import PaceScope, SendingPace
from postroom.outbound.models.proofs import Proof, RoundTrip
from postroom.outbound.models.servers import OUTBOX_FOLDER, OutgoingServer, is_kept_here
from postroom.outbound.models.usage import Allowance, DailyUsage, Plan

__all__ = [
    "ENDED_BADLY",
    "ENDED_WELL",
    "NOT_KEPT",
    "OUTBOX_FOLDER",
    "Allowance",
    "Attempt",
    "Circuit",
    "DailyUsage",
    "Delivery",
    "Dispatch",
    "DownloadLink",
    "Lane",
    "Letter",
    "LetterFile",
    "OutgoingServer",
    "PaceScope",
    "Plan",
    "Proof",
    "QueueOperation",
    "RoundTrip",
    "SendingPace",
    "is_kept_here",
]
