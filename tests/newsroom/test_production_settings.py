"""Settings of a production newsroom: required settings, cookies, HSTS and `check --deploy`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT

SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
READ = """
import json, sys
from newsroom import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))
"""


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    names = ("DEMO", "DATABASE_URL", "SECRET_KEY", "SITE_URL")
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    paths = {"DATA_DIR": str(tmp_path / "var"), "ENV_FILE": str(tmp_path / "no.env")}
    site = {"SECRET_KEY": SECRET, "SITE_URL": "https://news.example"}
    return inherited | {"DJANGO_SETTINGS_MODULE": "newsroom.settings"} | paths | site


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def read(environment: dict[str, str], *names: str) -> list:
    result = run(environment, "-c", READ, *names)
    assert result.returncode == 0, result.stderr
    return list(json.loads(result.stdout).values())


def test_deployment_check_is_clean_with_production_settings(production):
    result = run(production, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("System check identified no issues")


@pytest.mark.parametrize("missing", ["SECRET_KEY", "SITE_URL"])
def test_newsroom_refuses_to_start_without_a_key_or_a_host(production, missing):
    del production[missing]
    result = run(production, "-c", "import newsroom.settings")
    assert result.returncode != 0
    assert f"Set {missing}" in result.stderr.splitlines()[-1]


def test_site_url_in_the_settings_file_suffices(production):
    Path(production["ENV_FILE"]).write_text(f"SITE_URL={production.pop('SITE_URL')}\n")
    assert read(production, "ALLOWED_HOSTS") == [["news.example"]]


def test_cookies_are_bound_to_the_host_over_https_only(production):
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "BROWSER_COOKIE_NAME")
    flags = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    assert read(production, *names) == ["__Host-sessionid", "__Host-csrftoken", "__Host-newsroom_browser"]
    assert read(production, *flags) == [True, True]
    plain = production | {"SITE_URL": "http://news.example"}
    assert read(plain, *names) == ["sessionid", "csrftoken", "newsroom_browser"]


def test_hsts_covers_subdomains_only_when_the_settings_say_so(production):
    names = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")
    assert read(production, *names) == [31_536_000, False, False]
    preloaded = production | {"HSTS_INCLUDE_SUBDOMAINS": "true", "HSTS_PRELOAD": "true"}
    assert read(preloaded, *names) == [31_536_000, True, True]
    result = run(production | {"HSTS_PRELOAD": "true"}, "-c", "import newsroom.settings")
    assert "HSTS_PRELOAD needs HSTS_INCLUDE_SUBDOMAINS" in result.stderr


def test_secret_key_fallbacks_are_read_from_the_environment(production):
    assert read(production | {"SECRET_KEY_FALLBACKS": "one,two"}, "SECRET_KEY_FALLBACKS") == [["one", "two"]]


@pytest.mark.parametrize("contact", ["security@news.example", "http://news.example", "mailto:x", "tel:852"])
def test_security_contact_must_be_a_uri(production, contact):
    result = run(production | {"SECURITY_CONTACT": contact}, "-c", "import newsroom.settings")
    assert "SECURITY_CONTACT" in result.stderr
