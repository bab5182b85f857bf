"""Settings that name the site to others, which are optional and checked at startup."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from newsroom.site import tag_uri
from tests.environment import ROOT


def start(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a newsroom with these settings."""
    command = [sys.executable, "-c", f"from newsroom import settings; {code}"]
    environment = os.environ | settings
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_tag_authority_defaults_to_the_host_of_the_site():
    assert start("print(settings.TAG_AUTHORITY)", SITE_URL="http://news.example").stdout == "news.example\n"
    configured = start(
        "print(settings.TAG_AUTHORITY)", SITE_URL="http://www.news.example", TAG_AUTHORITY="news.example"
    )
    assert configured.stdout == "news.example\n"


@pytest.mark.parametrize(
    ("authority", "uri"),
    [
        ("news.example", "tag:news.example,2026:/live/storm/"),
        ("news.example,2027-05", "tag:news.example,2027-05:/live/storm/"),
        ("desk@news.example", "tag:desk@news.example,2026:/live/storm/"),
    ],
)
def test_tag_authority_may_include_its_own_date(settings, authority, uri):
    settings.TAG_AUTHORITY = authority
    assert tag_uri("/live/storm/") == uri


def test_startup_reports_all_malformed_names_at_once():
    malformed = {
        "TAG_AUTHORITY": "https://news.example",
        "WEBSUB_HUB": "hub.example",
        "INDEXNOW_KEY": "short",
        "INDEXNOW_URL": "ftp://index.example/",
    }
    process = start("", **malformed)
    assert process.returncode == 1
    assert [name for name in malformed if name not in process.stderr] == []
