"""Schemathesis run against the served API: every response must match the description."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Scope, Topic
from liveblog.publishing import SYSTEM, Story
from tests.environment import ROOT
from tests.factories import make_blog, make_image, make_key, make_update

pytestmark = pytest.mark.any_database


@pytest.fixture
def key(transactional_db: None) -> str:
    """Return a key with every scope, granted one live blog and one under embargo."""
    rail = Topic.objects.create(slug="rail", name="鐵路")
    line = make_blog(
        slug="line",
        kicker="東岸綫",
        topics=(rail,),
        bylines=(Byline.objects.create(name="陳大文"),),
        hero_image=make_image(),
        stories=(Story("專題"),),
    )
    for number in range(3):
        make_update(line, f"第{number}班車", stories=(Story("路綫圖", 1, "https://example.com/"),))
    publishing.withdraw_update(make_update(line), by=SYSTEM, reason="錯")
    embargoed = make_blog(slug="held", embargo_until_at=timezone.now() + timedelta(days=1))
    make_update(embargoed)
    publishing.withdraw_blog(make_blog(slug="gone"), by=SYSTEM)
    return make_key(*Scope, blogs=[line, embargoed])


def example_options(examples: int | None) -> list[str]:
    """Return options for `examples` per operation, or for three deterministic ones if it is None."""
    return [f"--max-examples={examples}"] if examples else ["--max-examples=3", "--generation-deterministic"]


@pytest.mark.parametrize("is_keyed", [False, True], ids=["without a key", "with a key"])
def test_schemathesis_finds_no_failures(server, key, is_keyed, request, tmp_path):
    header = [f"--header=Authorization: Bearer {key}"] if is_keyed else []
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            f"--config-file={ROOT / 'schemathesis.toml'}",
            "run",
            f"{server.url}/api/v1/schema/?format=json",
            *example_options(request.config.getoption("--fuzz-examples")),
            f"--report-dir={tmp_path}",
            "--no-color",
            *header,
        ],
        # Run outside the project directory, because schemathesis leaves its example database behind.
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
