"""What benchmarks change in the shipped files: each change must still find its place."""

from __future__ import annotations

from pathlib import Path

from benchmarks import proxied
from tests.environment import ROOT
from tests.security.proxies import put


def test_nginx_file_can_be_prepared_for_the_benchmark(tmp_path: Path) -> None:
    text = put((ROOT / "deploy/nginx.conf").read_text(), proxied.edits(tmp_path, {"etag": '"1"'}))
    assert "location = /page" in text
