"""The project's own files, read once for all house tests; `python -m tests.house.source` prints their measures."""

from __future__ import annotations

import ast
import statistics
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "postroom"


@dataclass(frozen=True)
class Module:
    """One Python file: `name` is its path within the repository."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    @property
    def lines(self) -> int:
        return self.text.count("\n")


@dataclass(frozen=True)
class Function:
    """A function and its length: lines from `def` to its end, without its docstring."""

    where: str
    lines: int


def read(folder: Path) -> list[Module]:
    """Every Python file under a folder, migrations left out: those are generated."""
    paths = sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)
    return [Module(str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8")) for path in paths]


@cache
def product() -> Sequence[Module]:
    return read(PACKAGE)


@cache
def tests() -> Sequence[Module]:
    return read(REPOSITORY / "tests")


@cache
def packages() -> Sequence[Path]:
    """Every folder of the product that holds Python, migrations left out."""
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts}
    return sorted(folders)


@cache
def templates() -> Sequence[Path]:
    return sorted(path for path in PACKAGE.rglob("*.html") if "templates" in path.parts)


@cache
def files() -> Sequence[Path]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
    paths = (REPOSITORY / name for name in listed.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


@cache
def documents() -> Sequence[Path]:
    return [path for path in files() if path.suffix == ".md"]


@cache
def floors() -> dict[str, int]:
    """Each floor's height, 0 for the lowest, as the import contract in pyproject.toml draws them."""
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    heights = enumerate(reversed(layers))
    return {name.strip(" ()"): height for height, layer in heights for name in layer.split("|")}


def functions(module: Module) -> Iterator[Function]:
    """Every function and method of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(f"{module.name}:{node.name}", _length(node))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0)


def main() -> None:
    for label, modules in (("src", product()), ("tests", tests())):
        sizes = sorted(module.lines for module in modules)
        lengths = sorted(function.lines for module in modules for function in functions(module))
        print(f"{label}: {len(sizes)} modules, {_measures(sizes)}; {len(lengths)} functions, {_measures(lengths)}")


def _measures(lines: Sequence[int]) -> str:
    return f"median {statistics.median(lines):.0f}, p90 {lines[len(lines) * 9 // 10]}, longest {lines[-1]} lines"


if __name__ == "__main__":
    main()
