"""Test infrastructure: throwaway PostgreSQL, forked servers, failed tests run again, no skips in CI."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest

from tests import run
from tests.environment import ROOT
from tests.postgres import find_binaries, throwaway_server


@pytest.mark.parametrize("binaries", [find_binaries()[0], find_binaries()[-1]], ids=["first", "wheel"])
def test_throwaway_server_starts_from_any_binaries_and_leaves_no_files(binaries):
    with throwaway_server(binaries) as url, psycopg.connect(url) as connection:
        place = Path(connection.info.host)
        assert place.is_dir()
        assert connection.execute("SELECT current_setting('server_encoding')").fetchone() == ("UTF8",)
    assert not place.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_only_in_ci(tmp_path, ci, status):
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\ndef test_one():\n    pytest.skip('no such thing here')\n"
    )
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", "."]
    run = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert ("CI skips nothing" in run.stdout) == bool(ci)
    assert "1 skipped" in run.stdout


def test_failed_tests_run_again_and_those_that_pass_are_named(tmp_path, monkeypatch, capfd):
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_two.py").write_text(
        "from pathlib import Path\n\n"
        "def test_first_time():\n"
        f"    tried = Path({str(tmp_path / 'tried')!r})\n"
        "    is_first = not tried.exists()\n"
        "    tried.touch()\n"
        "    assert not is_first\n\n"
        "def test_every_time():\n    assert False\n\n"
        "def test_never():\n    pass\n"
    )
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-c {ROOT / 'pyproject.toml'} --rootdir=.")
    monkeypatch.chdir(tmp_path)
    status, passed_again = run.run_side_by_side("Twice", ["."])
    assert status == pytest.ExitCode.TESTS_FAILED
    assert passed_again == ["test_two.py::test_first_time"]
    assert "2 failed, 1 passed" in (output := capfd.readouterr().out)
    assert "1 failed, 1 passed" in output


def test_a_failed_browser_test_reports_what_each_page_shows(tmp_path):
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_three.py").write_text(
        "def test_three(page):\n"
        "    page.set_content('<h1>Typhoon</h1><iframe srcdoc=\"<a href=/>Signal</a>\"></iframe>')\n"
        "    page.frame_locator('iframe').get_by_role('link').wait_for()\n"
        "    assert False\n"
    )
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", "."]
    output = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True).stdout
    assert "Open page about:blank" in output
    assert '- heading "Typhoon" [level=1]' in output
    assert "Open page about:srcdoc" in output
    assert '- link "Signal"' in output


def test_forked_servers_follow_one_another_beside_other_servers(start_server):
    def status_of(server):
        with urlopen(server.url) as answer:
            return answer.status

    fork, other = start_server(), start_server()
    assert (status_of(fork), status_of(other)) == (200, 200)
    fork.process.terminate()
    assert fork.process.wait(timeout=20) == -signal.SIGTERM
    next_fork = start_server()
    assert next_fork.url == fork.url
    assert (status_of(next_fork), status_of(other)) == (200, 200)
    next_fork.process.kill()
    assert next_fork.process.wait(timeout=20) == -signal.SIGKILL
