"""Changes that benchmarks make to the shipped files: each must still find its place."""

from __future__ import annotations

from pathlib import Path

from benchmarks import proxied
from tests.environment import ROOT
from tests.security.proxies import put


def test_nginx_file_can_be_prepared_for_the_benchmark(tmp_path: Path) -> None:
    # `nginx` in tests/security/proxies.py gives it a port first.
    shipped = (ROOT / "deploy/nginx.conf").read_text().replace("listen 443", "listen 127.0.0.1:443")
    assert "location = /page" in put(shipped, proxied.edits(tmp_path, {"etag": '"1"'}))
