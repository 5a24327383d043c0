"""Small packages with a purpose, small modules, small functions."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

from tests.house import source
from tests.house.source import Module

LONGEST_MODULE, LONGEST_TEST, LONGEST_FUNCTION = 400, 600, 50
LONG_FUNCTIONS: dict[str, str] = {}  # "src/postroom/…py:name": why it may be longer than LONGEST_FUNCTION


def test_every_package_says_its_purpose_in_one_line() -> None:
    silent = [str(folder) for folder in source.packages() if not _purpose(folder / "__init__.py")]
    assert not silent, f"packages without a docstring of at least one line: {silent}"


def _purpose(path: Path) -> str:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return first if first.endswith(".") else ""


def test_every_module_says_what_it_is_for() -> None:
    silent = [module.name for module in source.product() if not ast.get_docstring(module.tree)]
    assert not silent, f"modules without a docstring: {silent}"


def test_modules_stay_readable() -> None:
    long = [f"{module.name}: {module.lines}" for module in source.product() if module.lines > LONGEST_MODULE]
    long += [f"{module.name}: {module.lines}" for module in source.tests() if module.lines > LONGEST_TEST]
    assert not long, f"split by what the parts are for: {long}"


def test_functions_stay_readable() -> None:
    long = {
        function.where: function.lines
        for module in source.product()
        for function in source.functions(module)
        if function.lines > LONGEST_FUNCTION
    }
    assert long.keys() == LONG_FUNCTIONS.keys(), (
        f"too long without a reason, or a reason that is no longer needed: {long}"
    )
    assert all(len(reason) > 10 for reason in LONG_FUNCTIONS.values())


def test_a_typical_function_is_short() -> None:
    lengths = sorted(function.lines for module in source.product() for function in source.functions(module))
    assert statistics.median(lengths) <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30


def test_the_measure_leaves_docstrings_out() -> None:
    module = Module("x.py", 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n')
    assert [function.lines for function in source.functions(module)] == [2]
