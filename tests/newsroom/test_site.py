"""Settings that name the site to others: checked at the start; where they are unset, nothing changes."""

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


def test_without_a_tag_authority_the_host_names_entries_as_before():
    assert start("print(settings.TAG_AUTHORITY)", SITE_URL="http://news.example").stdout == "news.example\n"
    kept = start(
        "print(settings.TAG_AUTHORITY)", SITE_URL="http://www.news.example", TAG_AUTHORITY="news.example"
    )
    assert kept.stdout == "news.example\n"


@pytest.mark.parametrize(
    ("authority", "uri"),
    [
        ("news.example", "tag:news.example,2026:/live/storm/"),
        ("news.example,2027-05", "tag:news.example,2027-05:/live/storm/"),
        ("desk@news.example", "tag:desk@news.example,2026:/live/storm/"),
    ],
)
def test_a_tag_authority_may_have_a_date_of_its_own(settings, authority, uri):
    settings.TAG_AUTHORITY = authority
    assert tag_uri("/live/storm/") == uri


def test_malformed_names_stop_the_start_all_at_once():
    wrong = {
        "TAG_AUTHORITY": "https://news.example",
        "WEBSUB_HUB": "hub.example",
        "INDEXNOW_KEY": "short",
        "INDEXNOW_URL": "ftp://index.example/",
    }
    finished = start("", **wrong)
    assert finished.returncode == 1
    assert [name for name in wrong if name not in finished.stderr] == []
