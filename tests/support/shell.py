"""Command lines run within a test, with what they print."""

from __future__ import annotations

import json
from typing import Any

import pytest

from postroom.project.cli import main


class Shell:
    """Runs command lines within the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.errors = ""

    def __call__(self, line: str, *more: str, status: int = 0) -> str:
        got = main.run([*line.split(), *more])
        printed = self._capsys.readouterr()
        self.errors = printed.err
        assert got == status, printed
        return printed.out

    def json(self, line: str, *more: str) -> Any:
        return json.loads(self(line, *more, "--json"))

    def fails(self, line: str, *more: str, status: int) -> str:
        """The one line on standard error."""
        assert self(line, *more, status=status) == ""
        assert self.errors.startswith("postroom: ")
        assert self.errors.count("\n") == 1
        assert "Traceback" not in self.errors
        return self.errors
