"""The mutants that mutmut's operators make from the modules that pyproject.toml lists.

mutmut's own runner does not fit: it mutates nothing outside functions, where the tables of actions and fields
are, chooses tests by function instead of line, and shares one test database among all processes.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.configuration import config
from mutmut.mutation.file_mutation import Mutation, create_mutations, deep_replace

from tests.environment import ROOT


@dataclass(frozen=True, eq=False)
class Mutant:
    """One change of one module, its index in it, and the lines of the statement that it changes."""

    path: Path
    index: int
    line: int
    lines: range
    module: libcst.Module
    mutation: Mutation

    @property
    def name(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    @property
    def is_in_function(self) -> bool:
        return isinstance(self.mutation.contained_by_top_level_function, libcst.FunctionDef)

    @property
    def source(self) -> str:
        return self.module.code

    def mutate(self) -> str:
        """Return the source of the changed module."""
        mutated = deep_replace(self.module, self.mutation.original_node, self.mutation.mutated_node)
        assert isinstance(mutated, libcst.Module)
        return mutated.code

    def diff(self) -> str:
        """Return the changed lines, without context."""
        lines = difflib.unified_diff(self.source.splitlines(), self.mutate().splitlines(), n=0, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def targets() -> list[Path]:
    """Return the modules to mutate."""
    paths = (path.relative_to(ROOT) for path in sorted((ROOT / "liveblog").rglob("*.py")))
    return [ROOT / path for path in paths if config().should_mutate(path)]


def mutants_of(path: Path) -> Iterator[Mutant]:
    source = path.read_text()
    module, mutations, _classes, _functions = create_mutations(str(path), source)
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    for index, mutation in enumerate(mutations):
        line = positions[mutation.original_node].start.line
        yield Mutant(path, index, line, _statement_at(line, statements), module, mutation)


def _statement_at(line: int, statements: list[ast.stmt]) -> range:
    """Return the lines of the innermost statement at a line; of a compound one, only those above its body."""
    start = max(node.lineno for node in statements if node.lineno <= line <= (node.end_lineno or 0))
    return range(start, line + 1)


def is_valid(mutant: Mutant) -> bool:
    """Return whether the mutant is valid Python; removing an argument can break a call."""
    try:
        ast.parse(mutant.mutate())
    except SyntaxError:
        return False
    return True
