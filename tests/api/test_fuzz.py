"""Schemathesis over the served API: whatever is sent, each answer is one that the description has."""

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


@pytest.fixture
def key(transactional_db: None) -> str:
    """Of a partner who may do everything in one running live blog, and reads one under embargo."""
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
    held = make_blog(slug="held", embargo_until_at=timezone.now() + timedelta(days=1))
    make_update(held)
    publishing.withdraw_blog(make_blog(slug="gone"), by=SYSTEM)
    return make_key(*Scope, blogs=[line, held])


def how_many(examples: int | None) -> list[str]:
    """A few, and always the same, unless many are asked for."""
    return [f"--max-examples={examples}"] if examples else ["--max-examples=3", "--generation-deterministic"]


@pytest.mark.parametrize("is_keyed", [False, True], ids=["without a key", "with a key"])
def test_schemathesis_finds_nothing(server, key, is_keyed, request, tmp_path):
    header = [f"--header=Authorization: Bearer {key}"] if is_keyed else []
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            f"--config-file={ROOT / 'schemathesis.toml'}",
            "run",
            f"{server.url}/api/v1/schema/?format=json",
            *how_many(request.config.getoption("--fuzz-examples")),
            f"--report-dir={tmp_path}",
            "--no-color",
            *header,
        ],
        # Away from the project, where it would leave what it remembers.
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
