"""Makes `.venv` with the packages that requirements.txt locks, then runs a command in it.

    python3 -m newsroom.bootstrap manage.py serve

It has only the standard library, and syntax that an old Python reads far enough to say that it is too old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)


def missing_from(version: tuple) -> str:
    """What this Python of `version` lacks to make the environment, in words; nothing when it will do."""
    wanted = ".".join(map(str, OLDEST_PYTHON))
    if version < OLDEST_PYTHON:
        return (
            f"The newsroom needs Python {wanted} or later, and this is {version[0]}.{version[1]}. "
            f"Name another: make run PYTHON=python{wanted}"
        )
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        return (
            "This Python cannot make virtual environments: its venv or ensurepip module is missing. "
            "On Debian and Ubuntu: apt-get install python3-venv"
        )
    return ""


def make_environment(root: Path) -> Path:
    """The Python of `root`'s environment, with the locked packages in it, checked against their hashes.

    What was installed last is remembered by the lock's own hash, so an unchanged lock installs nothing.
    """
    lock = root / "requirements.txt"
    python = root / ".venv" / "bin" / "python"
    stamp = root / ".venv" / "requirements.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        print("Making .venv …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(root / ".venv")], check=True)
    print("Installing the packages of requirements.txt into .venv (only when it changes) …", flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)], check=True)
    stamp.write_text(wanted)
    return python


def main(command: list) -> None:
    complaint = missing_from(sys.version_info[:2])
    if complaint:
        sys.exit(complaint)
    try:
        python = make_environment(ROOT)
    except subprocess.CalledProcessError as error:
        sys.exit(f"Making the environment failed at: {' '.join(error.cmd)}")
    except KeyboardInterrupt:
        sys.exit(130)
    os.chdir(ROOT)
    os.execv(python, [str(python), *command])


if __name__ == "__main__":
    main(sys.argv[1:])
