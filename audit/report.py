"""The audit's report, `docs/audit.md`."""

from __future__ import annotations

from typing import Final

from audit.tools import Result
from tests.environment import ROOT

PAGE: Final = ROOT / "docs" / "audit.md"
_HEAD: Final = """# Audit

`make audit` starts the demo newsroom, runs these checkers over everything that links lead to, and writes this
page. It needs what `make test` needs, node 20.19 or later with npm, and Java for the Nu checker. `make test`
never runs it.

| checker | checked | errors of ours |
| --- | --- | --- |
"""


def write(results: list[Result], skipped: list[str], scores: dict[str, dict[str, int]]) -> None:
    lines = [f"| {one.tool} | {one.checked} | {len(one.errors)} |" for one in results]
    text = _HEAD + "\n".join(lines) + "\n"
    if scores:
        names = list(next(iter(scores.values())))
        rows = [
            f"| `{path}` | {' | '.join(str(page[name]) for name in names)} |" for path, page in scores.items()
        ]
        text += f"\n## Lighthouse\n\n| page | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}\n"
        text += (
            "\n".join(rows) + "\n\nPerformance depends on the machine, which was busy; the others do not.\n"
        )
    text += _section("Errors", [line for one in results for line in one.lines(one.errors)])
    text += _section("Not run", skipped)
    text += _section("Notes", [line for one in results for line in one.lines(one.notes)])
    PAGE.write_text(text)


def _section(title: str, lines: list[str]) -> str:
    return f"\n## {title}\n\n" + "".join(f"- {line}\n" for line in lines) if lines else ""
