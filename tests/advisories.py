"""`make advisories`: check the lock for known vulnerabilities; say so if no database can be reached."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from tests.environment import ROOT

AUDIT: Final = [
    *(sys.executable, "-m", "pip_audit", "--requirement=requirements.txt"),
    # Without --strict, packages that could not be looked up count as safe.
    *("--require-hashes", "--disable-pip", "--strict", "--progress-spinner=off", "--timeout=20"),
]
NOT_CHECKED: Final = 3
# Parts of the messages of pip-audit and its HTTP library about a failed connection.
_UNREACHABLE: Final = (
    *("ConnectionError", "ServiceError", "Max retries", "Failed to resolve", "timed out", "HTTPError"),
    "could not be audited",
)


def main(command: list[str] = AUDIT) -> int:
    """Return 0 if there are no advisories, 1 if there are some, and 3 if no database could be reached."""
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    output = result.stdout + result.stderr
    if result.returncode and any(sign in output for sign in _UNREACHABLE):
        print("Not checked: no database of advisories can be reached from here.", file=sys.stderr)
        return NOT_CHECKED
    print(output.strip())
    return 1 if result.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
