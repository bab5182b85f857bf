"""The pure modules under static/js/lib, tested in node."""

import shutil
import subprocess

import pytest

from tests.environment import ROOT


def test_the_modules_pass_their_own_tests():
    node = shutil.which("node")
    if not node:
        pytest.skip("There is no node on this machine.")
    tests = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
    result = subprocess.run([node, "--test", *tests], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
