"""Acme, which equips delivery fleets with sensors: its people, desks and customers."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core.addresses import Address
from postroom.directory.roles import Role

PASSWORD = "postroom-demo"  # noqa: S105 printed at the start; the demo listens on this machine alone


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at the company. `does` is what the welcome says of them."""

    username: str
    name: str
    does: str
    notify_by: str = "mail"
    signature: str = ""
    role: Role = Role.MEMBER
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes to the company."""

    name: str
    email: str
    organisation: str
    phone: str = ""
    language: str = "en"
    time_zone: str = "UTC"

    @property
    def address(self) -> Address:
        return Address(self.email, self.name)


@dataclass(frozen=True, slots=True)
class Team:
    """A desk: what lands on it, its owner and followers by user name."""

    name: str
    record_type: str
    local_part: str
    owner: str
    followers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """A company as the demo loads it."""

    name: str
    domain: str
    people: tuple[Person, ...]
    customers: tuple[Customer, ...]
    teams: tuple[Team, ...]


HANNA = Customer(
    "Hanna Sjöberg", "hanna.sjoberg@norrgard.example", "Norrgård Logistik", "+46 8 555 0134", "sv", "Europe/Stockholm"
)
SOFIE = Customer("Sofie Maes", "sofie.maes@norrgard.example", "Norrgård Logistik", "", "nl", "Europe/Brussels")
MAREK = Customer("Marek Dvořák", "marek@dvorak-doprava.example", "Dvořák Doprava", "+420 555 010 22", "cs")
AIKO = Customer("田中 愛子", "aiko.tanaka@minato-haiso.example", "湊配送", "+81 3 5550 0188", "ja", "Asia/Tokyo")
LUCA = Customer("Luca Bianchi", "l.bianchi@freschissimo.example", "Freschissimo", "", "it", "Europe/Rome")

ACME = Cast(
    name="Acme",
    domain="acme.example",
    people=(
        Person("amara", "Amara Okafor", "sales", "inbox", "Amara Okafor\nAcme, sales in the north"),
        Person("jonas", "Jonas Lindqvist", "sales", "mail", "Jonas Lindqvist\nAcme, sales in the north"),
        Person("priya", "Priya Nair", "support", "inbox", "Priya Nair\nAcme support, weekdays from 7 to 17 (UTC)"),
        Person(
            "admin",
            "Ines Duarte",
            "administrator",
            "inbox",
            "Ines Duarte",
            role=Role.ADMINISTRATOR,
            is_operator=True,
        ),
    ),
    customers=(HANNA, SOFIE, MAREK, AIKO, LUCA),
    teams=(
        Team(
            name="Nordics",
            record_type="lead",
            local_part="sales",
            owner="amara",
            followers=("amara", "jonas"),
        ),
        Team(
            name="Support",
            record_type="ticket",
            local_part="support",
            owner="priya",
            followers=("priya",),
        ),
    ),
)
