"""What statements a block runs, and how the database goes about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

ON_POSTGRES = connection.vendor == "postgresql"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of the block, once it is over."""
    said: list[str] = []
    with CaptureQueriesContext(connection) as context:
        yield said
    said += [query["sql"] for query in context.captured_queries]


def counts(said: Sequence[str]) -> dict[str, int]:
    """Statements by their verb; one that was run for many rows counts once, as it is sent at once."""
    verbs = [re.sub(r"^(\d+ times: )?(WITH .*\) (?=UPDATE))?", "", sql).lstrip("(").split()[0].lower() for sql in said]
    kinds = ("select", "insert", "update", "delete", "notify")
    return {verb: verbs.count(verb) for verb in kinds if verb in verbs}


def plan(sql: str) -> str:
    """How the database would find the rows, where it may not read a small table whole."""
    with connection.cursor() as cursor:
        if ON_POSTGRES:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")  # a sort of a few rows costs no more than an index
        cursor.execute(f"EXPLAIN {'' if ON_POSTGRES else 'QUERY PLAN'} {sql}")
        return "\n".join(str(step[-1]) for step in cursor.fetchall())


def take_stock(*of: type[Model]) -> None:
    """Let the database count what stands in these tables: of a few rows it may hold any index for the cheapest."""
    with connection.cursor() as cursor:
        for model in of if ON_POSTGRES else ():
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def scanned(sql: str, tables: Collection[str]) -> Iterator[str]:
    """Those of these tables that a statement goes through from end to end."""
    if not sql.startswith(("SELECT", "UPDATE", "DELETE")):
        return
    for line in plan(sql).splitlines():
        words = re.sub(r"Seq Scan on", "SCAN", line).removeprefix("->").split()
        if "SCAN" in words and words[words.index("SCAN") + 1] in tables and "INDEX" not in words:
            yield words[words.index("SCAN") + 1]
