"""The commands of docs/partners.md, webhooks.md and embedding.md, run against the demo newsroom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from urllib.request import Request, urlopen

import pytest

from tests.demo import Demo, running_demo, submit
from tests.environment import ROOT
from tests.waiting import find_free_port, wait_for, wait_until_listening

pytestmark = [pytest.mark.any_database, pytest.mark.slow]

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run the demo, which may send webhooks to this machine, as webhooks.md describes."""
    assert "WEBHOOK_TEST_HOSTS=127.0.0.1 make run" in "\n".join(blocks("webhooks.md"))
    with running_demo(tmp_path_factory.mktemp("demo"), WEBHOOK_TEST_HOSTS="127.0.0.1") as demo:
        yield demo


def blocks(page: str) -> list[str]:
    """Return the shell and Python blocks of a page as shell scripts, in order."""
    text = (DOCS / page).read_text()
    fenced = re.findall(r"^ *```(sh|python)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [
        script if language == "sh" else f"{sys.executable} - <<'END'\n{script}END\n"
        for language, script in ((language, dedent(script)) for language, script in fenced)
    ]


def run(script: str, demo: Demo, folder: Path) -> list[str]:
    """Run a script of the documents with the demo's address and key; return its output between `── done`."""
    adapted = script.replace("http://127.0.0.1:8000", demo.url).replace("nrk_…", demo.key)
    adapted = adapted.replace("http%3A%2F%2F127.0.0.1%3A8000", f"http%3A%2F%2F127.0.0.1%3A{demo.port}")
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", adapted],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(DOCS)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout.split("── done\n")


@contextmanager
def started(command: str, folder: Path, port: int) -> Iterator[Path]:
    """Run a server of the documents, and yield the file with its output."""
    log = folder / "output"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["bash", "-euc", re.sub("(?m)^python3 |(?<= )python3 ", f"exec {sys.executable} ", command)],
            cwd=folder,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            wait_until_listening(process, port)
            yield log
        finally:
            process.terminate()


def test_partners_page_can_be_followed(demo, tmp_path):
    scripts = blocks("partners.md")
    outputs = run("".join(f"{script}echo '── done'\n" for script in scripts), demo, tmp_path)

    assert len(outputs) == len(scripts) + 1
    assert '"blogs":' in outputs[0]
    lists = [json.loads(line)["results"] for line in re.findall(r'^\{"next".*$', outputs[2], re.MULTILINE)]
    assert len(lists) == 4
    assert all(lists)
    assert outputs[4].strip() == "304"
    assert len(outputs[6].splitlines()) > 15
    assert '"type":"composite"' in outputs[7]
    withdrawn = json.loads((tmp_path / "update.json").read_text())["id"]
    with urlopen(f"{demo.url}/api/v1/blogs/east-shore-line/changes/?after=0") as response:
        updates = {update["id"]: update for update in json.load(response)["updates"]}
    assert updates[withdrawn]["status"] == "withdrawn"


def test_webhooks_page_can_be_followed(demo, tmp_path):
    _run_demo, receive, publish = blocks("webhooks.md")
    port = find_free_port()
    client = demo.sign_in()
    partner = "1"
    fields = {"partner": partner, "url": f"http://127.0.0.1:{port}/", "edition": ""}
    _address, page = submit(client, f"{demo.url}/admin/liveblog/webhook/add/", fields)
    secret = re.search(r"whsec_[\w+/=]+", page)
    assert secret, page

    command = receive.replace("whsec_…", secret[0]).replace("8001", str(port)).replace("docs/", f"{DOCS}/")
    with started(command, tmp_path, port) as log:
        run(publish, demo, tmp_path)
        wait_for(lambda: "First webhook" in log.read_text(), seconds=60)
        copies = json.loads([line for line in log.read_text().splitlines() if line.startswith("{")][-1])
    headings = [update["heading"] for update in copies["east-shore-line"]["updates"].values()]
    assert headings == ["First webhook"]


def test_embedding_page_can_be_followed(demo, tmp_path):
    serve, ask = blocks("embedding.md")
    port = find_free_port()
    with (
        started(serve.replace("8001", str(port)), tmp_path, port),
        urlopen(f"http://127.0.0.1:{port}/") as page,
    ):
        text = page.read().decode()
    link, script = re.findall(r'(?:href|src)="http://127.0.0.1:8000(/[^"]+)"', text)
    assert urlopen(f"{demo.url}{link}").status == 200
    assert urlopen(f"{demo.url}{script}").status == 200
    with urlopen(Request(f"{demo.url}{link.replace('live', 'embed')}")) as frame:
        policy = frame.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' http://127.0.0.1:8001" in policy
    answer = json.loads(run(ask, demo, tmp_path)[0])
    assert (answer["type"], answer["width"], answer["height"]) == ("rich", 480, 600)
