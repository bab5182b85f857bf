"""The checkers of others: installed from npm at the versions of package.json, each run as a process."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
MODULES: Final = HERE / "node_modules"
CONFIG: Final = HERE / "redocly.yaml"
CLIENT: Final = HERE / "client.ts"


class Missing(Exception):
    """A tool cannot be had on this machine; says which, and what to do."""


@dataclass(frozen=True)
class Finding:
    """What a tool found, and where."""

    message: str
    place: str


@dataclass(frozen=True)
class Result:
    """What one tool says of the demo. `errors` are ours; `notes` are for the report only."""

    tool: str
    checked: str
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def lines(self, findings: list[Finding]) -> list[str]:
        """Return each message once, with the number of places and one of them."""
        places: dict[str, list[str]] = {}
        for finding in findings:
            places.setdefault(finding.message, []).append(finding.place)
        return [
            f"{self.tool}: {message} ({len(where)} times, first at `{where[0]}`)"
            for message, where in places.items()
        ]


def install() -> None:
    """Install the tools, unless they are there at the versions of package.json."""
    if shutil.which("npm") is None:
        raise SystemExit("make audit needs node 20 or later with npm.")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    if any(_installed(name) != version for name, version in wanted.items()):
        print("Installing the tools of audit/package.json …", flush=True)
        # Without a lock file: it would name the registry that it was made with.
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)


def version(name: str) -> str:
    return f"{name} {_installed(name)}"


def _installed(name: str) -> str | None:
    manifest = MODULES / name / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.exists() else None


def run(command: list[str | Path], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end, whatever it finds, and return what it wrote."""
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=600)


def node(name: str) -> Path:
    """Return the command of an installed tool."""
    return MODULES / ".bin" / name
