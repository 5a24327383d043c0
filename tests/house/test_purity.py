"""The rules of mail are pure: `core` imports only what is named here, and touches neither clock, chance nor world."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house import source
from tests.house.source import Module

LIBRARIES = {
    "cchardet",  # faust-cchardet: which charset bytes are in
    "cryptography",
    "css_inline",
    "icalendar",
    "idna",
    "nh3",
    "phonenumbers",
    "publicsuffixlist",
    "selectolax",
}
STANDARD = {
    "__future__",
    "abc",
    "base64",
    "binascii",
    "bisect",
    "codecs",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",  # for its values; now() and today() are refused below
    "email",  # for its parser; what draws on the clock or on chance is refused below
    "encodings",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "io.IncrementalNewlineDecoder",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "quopri",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "urllib.parse",
    "zlib",
}
IMPURE_NAMES = {"open", "input", "print", "exec", "eval", "compile", "breakpoint", "__import__", "globals"}
IMPURE_ATTRIBUTES = {"now", "utcnow", "today", "localtime", "make_msgid", "make_boundary", "getaddrinfo"}
IMPURE_IMPORTS = {"email.generator", "email.utils.make_msgid", "email.utils.localtime", "email.utils.formatdate"}


def impurities(module: Module) -> Iterator[str]:
    """What makes a module impure, with its place."""
    for node in ast.walk(module.tree):
        for what in _impure(node):
            yield f"{module.name}:{getattr(node, 'lineno', 0)}: {what}"


def _impure(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names if not _allowed(alias.name))
        case ast.ImportFrom(level=0, module=str(base), names=names):
            yield from (f"{base}.{alias.name}" for alias in names if not _allowed(f"{base}.{alias.name}"))
        case ast.ImportFrom():
            yield "a relative import"
        case ast.Name(id=name) if name in IMPURE_NAMES:
            yield name
        case ast.Attribute(attr=name) if name in IMPURE_ATTRIBUTES:
            yield f".{name}"
        case ast.Global():
            yield "global"


def _allowed(name: str) -> bool:
    if any(name == impure or name.startswith(f"{impure}.") for impure in IMPURE_IMPORTS):
        return False
    roots = {name.split(".", maxsplit=1)[0], ".".join(name.split(".")[:2])}
    return name.startswith("postroom.core.") or bool(roots & (STANDARD | LIBRARIES))


def test_core_is_pure() -> None:
    found = [what for module in source.product() if _in_core(module) for what in impurities(module)]
    assert not found, "core takes these as arguments, or leaves them to a floor above:\n" + "\n".join(found)


def _in_core(module: Module) -> bool:
    return module.name.startswith("src/postroom/core/")


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "import os.path",
        "from io import StringIO",
        "from random import choice",
        "from secrets import token_hex",
        "from pathlib import Path",
        "from email.generator import BytesGenerator",
        "from email.utils import parseaddr, make_msgid",
        "import urllib.request",
        "from django.db import models",
        "from postroom.infra import clock",
        "from . import mail",
        "at = datetime.now(UTC)",
        "text = open(name).read()",
    ],
)
def test_impure_lines_are_seen(line: str) -> None:
    assert list(impurities(Module("x.py", line)))


@pytest.mark.parametrize("line", ["import re", "from email.utils import parseaddr", "from urllib.parse import quote"])
def test_pure_lines_pass(line: str) -> None:
    assert not list(impurities(Module("x.py", line)))
