"""What telling costs the database: as many statements for fifty messages as for one, and no table read whole."""

from __future__ import annotations

import pytest

from tests.apps.conversations.world import MARY, World, arriving, by_inbox, settle
from tests.apps.inbound.test_queries import GROWING
from tests.support import factory
from tests.support.queries import ON_POSTGRES, counts, scanned, statements

MANY = 50
TOLD = {"select": 4, "insert": 11, "update": 2, "notify": 2 * ON_POSTGRES}


def _said(world: World, amount: int) -> list[str]:
    world.follow(world.amara, world.ben, world.carla)
    world.follow(factory.contact(world.acme.company, "Cleo"))
    by_inbox(world.ben)
    mails = [arriving(world, MARY, {"message_id": f"m{number}@customer.example"}) for number in range(amount)]
    with statements() as said:
        settle(world, mails)
    return said


@pytest.mark.parametrize("amount", [1, MANY])
def test_telling(world: World, amount: int) -> None:
    assert counts(_said(world, amount)) == {verb: number for verb, number in TOLD.items() if number}


def test_no_statement_reads_a_whole_table_that_grows(world: World) -> None:
    said = _said(world, 3)
    scans = {(table, sql) for sql in said for table in scanned(sql, GROWING)}
    assert not scans
