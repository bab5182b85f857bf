"""All benchmarks with a target, one after the other; writes docs/performance.md and its plots.

    python -m benchmarks.all                        everything, which takes an hour
    python -m benchmarks.all --seconds 5            a short run with smaller numbers, of a quarter of an hour
    python -m benchmarks.all --only cold partners   some of it; the document keeps the other sections

The document ends with docs/performance-notes.md, which is written by hand and explains missed targets.
Rows are kept in benchmarks/results.json, so that the document can be written again without measuring.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.plots import Points, line_plot
from benchmarks.report import Row, table
from tests.environment import ROOT

DOCS = ROOT / "docs"
RESULTS = ROOT / "benchmarks/results.json"


@dataclass(frozen=True)
class Question:
    """A section of the document: its benchmark with the arguments of a full and of a short run."""

    title: str
    name: str
    arguments: str
    short_arguments: str


QUESTIONS = [
    Question("Kept pages, 304s and polls", "kept", "--rounds 5 --seconds 4", "--rounds 3 --seconds {}"),
    Question(
        "Behind nginx, and while publishing", "proxied", "--rounds 5 --seconds 6", "--rounds 3 --seconds {}"
    ),
    Question("A page that is not kept", "cold", "--rounds 15", "--rounds 7"),
    Question("The API with a key", "partners", "--rounds 15", "--rounds 7"),
    Question(
        "Length",
        "lengths",
        "--lengths 20 200 2000 20000 100000 --rounds 7",
        "--lengths 20 200 2000 20000 --rounds 3",
    ),
    Question("Publishing", "writers", "--rounds 5 --seconds 4", "--rounds 2 --seconds {}"),
    Question(
        "Delivery from the commit on",
        "delivery",
        "--readers 1000 5000 10000 --messages 30 --seconds 30",
        "--readers 100 300 1000 --messages 6 --seconds {}",
    ),
    Question(
        "Streams beside nchan and django-eventstream",
        "stream",
        "--readers 1000 5000 10000",
        "--readers 200 1000 --messages 5",
    ),
    Question(
        "Streams, pages and publishing together",
        "mixed",
        "--seconds 600",
        "--seconds {} --readers 500 --requests 1000",
    ),
    Question("Back after a restart", "comeback", "--rounds 3", "--readers 500"),
    Question("A reader's evening", "evening", "--updates 60", "--updates 10"),
    Question("Memory", "memory", "--seconds 120", "--blogs 20 --updates 200 --seconds {}"),
    Question(
        "What is not kept: ASGI and WSGI", "handlers", "--rounds 5 --seconds 4", "--rounds 2 --seconds {}"
    ),
    Question("Two nodes, a primary and a standby", "failover", "--readers 32", "--readers 8"),
]


@dataclass
class Section:
    """A benchmark's rows as they were measured, or the reason why it could not run."""

    command: str
    measured_at: str
    load: str
    rows: list[Row] = field(default_factory=list)
    failure: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.all")
    parser.add_argument("--seconds", type=int, help="make a short run, with so many seconds a measurement")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="the benchmarks to run; none to run none")
    options = parser.parse_args()
    for question in QUESTIONS:
        if options.only is None or question.name in options.only:
            print(f"\n## {question.title}\n", flush=True)
            section = _run(question, options.seconds)
            # Read the file again, because another run may have written sections in the meantime.
            _write(_read() | {question.name: section})
    _write(_read())


def _run(question: Question, seconds: int | None) -> Section:
    arguments = question.arguments if seconds is None else question.short_arguments.format(seconds)
    load = f"{os.getloadavg()[1]:.1f}"
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as place:
        rows = Path(place, "rows.json")
        command = [sys.executable, "-m", "benchmarks", question.name, *arguments.split()]
        process = subprocess.run(
            command,
            env=os.environ | {"ROWS": str(rows)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(process.stdout[-6_000:], flush=True)
        section = Section(
            f"python -m benchmarks {question.name} {arguments}",
            time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            load,
        )
        if rows.exists():
            section.rows = [Row(**row) for row in json.loads(rows.read_text())]
        else:
            section.failure = (
                process.stdout.strip().splitlines()[-1] if process.stdout.strip() else "no output"
            )
    return section


def _read() -> dict[str, Section]:
    if not RESULTS.exists():
        return {}
    sections = {name: Section(**section) for name, section in json.loads(RESULTS.read_text()).items()}
    for section in sections.values():
        section.rows = [Row(**row) for row in section.rows]
    return sections


def _write(sections: dict[str, Section]) -> None:
    RESULTS.write_text(
        json.dumps(
            {name: asdict(section) for name, section in sections.items()}, ensure_ascii=False, indent=1
        )
        + "\n"
    )
    _plot_lengths(sections)
    _plot_readers(sections)
    (DOCS / "performance.md").write_text(_document(sections))


def _document(sections: dict[str, Section]) -> str:
    rows = [row for section in sections.values() for row in section.rows]
    reached, missed = ([row for row in rows if row.is_reached is verdict] for verdict in (True, False))
    parts = [
        "# Performance",
        "`make bench` writes this page. Every figure is a ratio to a reference that was measured in the same"
        " run, or a bound that the project set itself. All runs are given. A figure is their median, of"
        " delivery times the worst of ten or a hundred messages, of bounds that always hold the worst run.",
        f"Machine: {_machine()}; clients, servers, caches and PostgreSQL share it, over the loopback device."
        " Each section says when it was measured and what the load average was before: with more than two on"
        " two cores the machine was busy with other work, and rates and delays say little.",
        f"Of {len(reached) + len(missed)} rows with a target, {len(reached)} are reached.",
    ]
    if missed:
        names = "\n".join(f"- {row.name}: {row.figure:,.{row.digits}f} ({row.target})" for row in missed)
        parts.append(f"Missed in this run:\n\n{names}")
    for question in QUESTIONS:
        if section := sections.get(question.name):
            parts.append(f"## {question.title}")
            parts.append(
                f"`{section.command}` · {section.measured_at} · load average before it {section.load}"
            )
            parts.append(
                table(section.rows) if section.rows else f"It could not be measured: {section.failure}"
            )
            if question.name == "lengths":
                parts.append("![Processor time of answers by a live blog's length](performance-length.svg)")
            if question.name == "delivery":
                parts.append("![Delay of a message by the number of readers](performance-readers.svg)")
    parts.append((DOCS / "performance-notes.md").read_text().strip())
    return "\n\n".join(parts) + "\n"


def _machine() -> str:
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    gigabytes = round(int(memory[1]) / 1e6) if memory else "?"
    cores = f"{os.cpu_count()} virtual cores ({platform.machine()})"
    return f"{cores}, {gigabytes} GB, Python {platform.python_version()}"


def _plot_lengths(sections: dict[str, Section]) -> None:
    names = {"page": "page", "poll with a change": "poll", "API: its updates": "API page", "feed": "feed"}
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in sections.get("lengths", Section("", "", "")).rows:
        match = re.fullmatch(r"(.+), (\d+) updates: ms of processor time", row.name)
        if match and match[1] in names:
            lines.setdefault(names[match[1]], []).append((int(match[2]), row.figure))
    _plot("length", "Processor time of an answer by length", "updates in the live blog", "ms", lines)


def _plot_readers(sections: dict[str, Section]) -> None:
    lines: dict[str, list[tuple[float, float]]] = {}
    patterns = {
        "delivery": r"commit → (?P<line>99%|last) of (?P<count>[\d,]+) streams, ms",
        "stream": r"(?P<count>[\d,]+) streams: p99 ms, (?P<line>.+)",
    }
    for name, pattern in patterns.items():
        for row in sections.get(name, Section("", "", "")).rows:
            if match := re.fullmatch(pattern, row.name):
                line = {"99%": "from commit, 99%", "last": "from commit, last"}.get(
                    match["line"], match["line"]
                )
                point = (int(match["count"].replace(",", "")), statistics.median(row.runs))
                lines.setdefault(line, []).append(point)
    _plot(
        "readers",
        "Delay of a message by the number of readers, median",
        "open streams on one process",
        "ms",
        lines,
    )


def _plot(name: str, title: str, x_label: str, y_label: str, lines: dict[str, Points]) -> None:
    if lines:
        (DOCS / f"performance-{name}.svg").write_text(line_plot(title, x_label, y_label, lines))


if __name__ == "__main__":
    main()
