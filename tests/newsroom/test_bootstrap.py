"""The bootstrap, in a separate project that locks one tiny package so that it needs no network."""

import ast
import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from newsroom import bootstrap
from tests.environment import ROOT

GREET = ["-c", "import greeting; print(greeting.WORDS)"]


def make_wheel(project: Path, words: str, version: str = "1.0") -> Path:
    wheel = project / f"greeting-{version}-py3-none-any.whl"
    about = f"greeting-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("greeting.py", f"WORDS = {words!r}\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: greeting\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def lock(project: Path, wheel: Path, digest: str = "", *, name: str = bootstrap.TEST_LOCK) -> None:
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / name).write_text(f"./{wheel.name} --hash=sha256:{digest}\n")


def run(project: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "newsroom.bootstrap", *command], cwd=project, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one project for the module, since an environment takes seconds; each test leaves it working."""
    project = tmp_path_factory.mktemp("project")
    (project / "newsroom").mkdir()
    for name in ("__init__.py", "bootstrap.py"):
        shutil.copy(ROOT / "newsroom" / name, project / "newsroom")
    lock(project, make_wheel(project, "good morning"))
    lock(project, make_wheel(project, "runtime", version="0.9"), name=bootstrap.RUNTIME_LOCK)
    (project / "manage.py").write_text("import greeting\nprint(greeting.WORDS)\n")
    return project


def test_manage_py_installs_the_runtime_lock_unless_the_test_lock_is_installed(project):
    assert run(project, "manage.py").stdout.splitlines()[-1] == "runtime"
    assert run(project, *GREET).stdout.splitlines()[-1] == "good morning"
    assert run(project, "manage.py").stdout == "good morning\n"
    shutil.rmtree(project / ".venv")


def test_first_start_installs_packages_and_the_second_installs_nothing(project):
    first = run(project, *GREET)
    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, "good morning")
    assert "Installing requirements-test.txt" in first.stdout
    assert "  1 of 1: greeting-1.0-py3-none-any.whl\n" in first.stdout

    second = run(project, *GREET)
    assert (second.returncode, second.stdout, second.stderr) == (0, "good morning\n", "")


def test_exit_status_of_the_command_is_returned(project):
    assert run(project, "-c", "raise SystemExit(7)").returncode == 7


def test_changed_lock_is_installed(project):
    lock(project, make_wheel(project, "good evening", version="1.1"))
    assert run(project, *GREET).stdout.splitlines()[-1] == "good evening"


def test_package_with_another_hash_stops_every_start(project):
    wheel = make_wheel(project, "something else", version="1.2")
    lock(project, wheel, digest="0" * 64)
    for _ in range(2):
        result = run(project, *GREET)
        assert result.returncode == 1
        assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.stderr
        assert "Making the environment failed at:" in result.stderr

    lock(project, wheel)
    assert run(project, "-c", "").returncode == 0


def test_old_python_is_refused_with_the_required_version():
    assert bootstrap.missing_from((3, 9)) == (
        "The newsroom needs Python 3.11 or later, and this is 3.9. Name another: make run PYTHON=python3.11"
    )
    for path in (ROOT / "newsroom" / "__init__.py", ROOT / "newsroom" / "bootstrap.py"):
        ast.parse(path.read_text(), feature_version=(3, 7))


def test_python_without_ensurepip_is_refused_with_the_package_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "apt-get install python3-venv" in bootstrap.missing_from((3, 11))
