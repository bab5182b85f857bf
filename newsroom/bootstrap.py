"""Make `.venv` with the locked packages that a command needs, and run the command in it.

    python3 -m newsroom.bootstrap manage.py serve

It only uses the standard library and syntax that old versions of Python can parse, so that it can report a
Python that is too old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
RUNTIME_LOCK, TEST_LOCK = "requirements.txt", "requirements-test.txt"


def missing_from(version: tuple) -> str:
    """Return why Python `version` cannot make the environment, or an empty string if it can."""
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


def lock_for(command: list) -> str:
    """Return the name of the lock file for `command`; manage.py does not need the packages of the tests."""
    return RUNTIME_LOCK if command[:1] == ["manage.py"] else TEST_LOCK


def make_environment(root: Path, lock_name: str) -> Path:
    """Install a lock into `root`'s environment, checking hashes, and return the environment's Python.

    The environment remembers the hash of its lock, so an unchanged lock installs nothing. The tests' lock
    contains the runtime's, so an environment made from it serves the runtime too.
    """
    python = root / ".venv" / "bin" / "python"
    stamp = root / ".venv" / "requirements.sha256"
    digests = {
        name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in (lock_name, TEST_LOCK)
    }
    if python.exists() and stamp.exists() and stamp.read_text() in digests.values():
        return python
    if not python.exists():
        print("Making .venv …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(root / ".venv")], check=True)
    _install(python, root / lock_name)
    stamp.write_text(digests[lock_name])
    return python


def _install(python: Path, lock: Path) -> None:
    """Install a lock, and print each package as pip comes to it, because all of them take minutes."""
    number = len(re.findall(r"^[^\s#-]", lock.read_text(), re.MULTILINE))
    print(f"Installing {lock.name} into .venv, only when it changes: {number} packages …", flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--no-color"]
    command = [*pip, "--require-hashes", "--requirement", str(lock)]
    reached = 0
    fetching = re.compile(r"(?:Collecting|Ignoring|Processing|Requirement already satisfied:) ([^\s:]+)")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            package = fetching.match(line)
            if package:
                reached += 1
                print(f"  {reached} of {number}: {package[1].split('/')[-1]}", flush=True)
            elif line.startswith("Installing collected packages"):
                print("Unpacking them …", flush=True)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def main(command: list) -> None:
    complaint = missing_from(sys.version_info[:2])
    if complaint:
        sys.exit(complaint)
    try:
        python = make_environment(ROOT, lock_for(command))
    except subprocess.CalledProcessError as error:
        sys.exit(f"Making the environment failed at: {' '.join(error.cmd)}")
    except KeyboardInterrupt:
        sys.exit(130)
    os.chdir(ROOT)
    os.execv(python, [str(python), *command])


if __name__ == "__main__":
    main(sys.argv[1:])
