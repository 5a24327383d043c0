"""Archives stay shut: nothing that handles mail can inflate, so that no mail grows when it is read."""

from __future__ import annotations

import ast

from tests.house import source

INFLATING = frozenset(
    ("zipfile", "gzip", "tarfile", "bz2", "lzma", "shutil", "zipimport", "py7zr", "rarfile", "brotli")
)
FLOORS = ("core", "inbound", "conversations", "outbound", "infra")
INFLATERS = frozenset(("decompress", "decompressobj", "unpack_archive"))


def test_no_floor_that_mail_passes_can_inflate() -> None:
    found = []
    for module in source.product():
        if not any(f"/postroom/{floor}/" in module.name for floor in FLOORS):
            continue
        for node in ast.walk(module.tree):
            names = {alias.name.partition(".")[0] for alias in node.names} if isinstance(node, ast.Import) else set()
            names |= {str(node.module).partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()
            calls = {node.attr} if isinstance(node, ast.Attribute) else set()
            if names & INFLATING or calls & INFLATERS or {"zlib"} & names:
                found.append(f"{module.name}: {ast.unparse(node)}")
    assert not found, f"what a sender compressed is never inflated: {found}"


def test_the_floors_are_looked_at() -> None:
    for floor in FLOORS:
        assert any(f"/postroom/{floor}/" in module.name for module in source.product()), floor
