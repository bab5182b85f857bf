"""Third-party checkers, installed from npm at the versions of package.json and run as processes."""

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
    """Raised if a tool is not available; the message names the tool and says how to get it."""


@dataclass(frozen=True)
class Finding:
    """A problem that a tool reported, and its place."""

    message: str
    place: str


@dataclass(frozen=True)
class Result:
    """A tool's findings. `errors` are ours and fail the audit; `notes` only appear in the report."""

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
    """Install the tools unless the versions of package.json are already installed."""
    if shutil.which("npm") is None:
        raise SystemExit("make audit needs node 20 or later with npm.")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    if any(_installed(name) != version for name, version in wanted.items()):
        print("Installing the tools of audit/package.json …", flush=True)
        # Write no lock file, because it would record the registry that it was made with.
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)


def version(name: str) -> str:
    return f"{name} {_installed(name)}"


def _installed(name: str) -> str | None:
    manifest = MODULES / name / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.exists() else None


def run(command: list[str | Path], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool and return its output, whatever its exit status."""
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=600)


def node(name: str) -> Path:
    """Return the command of an installed tool."""
    return MODULES / ".bin" / name
