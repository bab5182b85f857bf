"""`/metrics`: access, the figures, and the dashboard and alerts that rely on them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from liveblog.models import Partner, Webhook
from liveblog.monitoring import endpoints
from newsroom import metric_files
from tests.environment import ROOT
from tests.factories import make_blog, make_update
from tests.streams.streaming import open_stream
from tests.waiting import wait_for

TOKEN = "a-long-enough-token"
SILENT = 20
BEARER = {"Authorization": f"Bearer {TOKEN}"}
# https://prometheus.io/docs/practices/naming/: base units, in the plural, at the end.
UNITS = re.compile(
    r".*_(total|seconds|bytes|items|changes|info|up|readers|answers|entries|failing|disabled|pending)"
)
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


def read(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urlopen(Request(f"{url}/metrics", headers=headers)) as response:
            assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def values(text: str) -> dict[str, float]:
    """Return the samples by name and labels, as Prometheus' own parser reads them."""
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True) * bool(sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.django_db
def test_metrics_return_404_unless_they_are_configured():
    response = Client().get("/metrics", headers={"authorization": "Bearer "})
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})


@pytest.mark.django_db(transaction=True)
def test_the_token_and_the_networks_restrict_reading(settings):
    def status_of(address: str = "127.0.0.1", **headers: str) -> int:
        return Client(REMOTE_ADDR=address).get("/metrics", headers=headers).status_code

    settings.METRICS_TOKEN = TOKEN
    assert status_of(authorization=f"Bearer {TOKEN}") == 200
    assert status_of(authorization=f"bearer {TOKEN}", host="10.0.0.7") == 200
    refused = ("", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer é")
    assert {status_of(authorization=value) for value in refused} == {401}
    settings.METRICS_NETWORKS = ["10.1.0.0/16", "::1/128"]
    assert status_of("10.1.2.3", authorization=f"Bearer {TOKEN}") == 200
    assert status_of("10.1.2.3") == 401
    assert status_of("10.2.2.3", authorization=f"Bearer {TOKEN}") == 403
    settings.METRICS_TOKEN = ""
    assert status_of("10.1.2.3") == 200
    # X-Forwarded-For is believed from a trusted proxy but not from a stranger.
    assert status_of("127.0.0.1", **{"x-forwarded-for": "203.0.113.5"}) == 403
    assert status_of("203.0.113.5", **{"x-forwarded-for": "10.1.2.3"}) == 403


def test_readers_that_stop_reading_are_aborted_freed_and_counted(start_server):
    blog = make_blog(slug="harbour")
    server = start_server(METRICS_TOKEN=TOKEN)
    host, port = server.url.removeprefix("http://").split(":")

    def figures() -> dict[str, float]:
        return values(read(server.url, **BEARER)[1])

    def open_sockets() -> int:
        count = 0
        for name in Path(f"/proc/{server.process.pid}/fd").iterdir():
            # The server may close a descriptor meanwhile.
            with suppress(FileNotFoundError):
                count += str(name.readlink()).startswith("socket:")
        return count

    with ExitStack() as stack:
        silent = []
        for _reader in range(SILENT):
            # Limit the buffer before connecting, when the receive window is announced.
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((host, int(port)))
            reader.sendall(f"GET /live/harbour/stream?after=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            silent.append(reader)
        wait_for(lambda: figures().get("newsroom_stream_readers") == SILENT)
        before = open_sockets()
        for _update in range(200):
            make_update(blog, body=f"<p>{'長' * 15_000}</p>")
            if figures()["newsroom_stream_readers_aborted_total"] == SILENT:
                break
        wait_for(lambda: figures()["newsroom_stream_readers"] == 0)
        assert figures()["newsroom_stream_readers_aborted_total"] == SILENT
        # The server has closed the sockets and dropped their queues, though the readers are still connected.
        wait_for(lambda: open_sockets() <= before - SILENT)
        for reader in silent:
            reader.settimeout(10)
            with suppress(ConnectionResetError):
                while reader.recv(65_536):
                    pass


def test_a_server_counts_requests_publications_streams_and_kept_answers(start_server):
    blog = make_blog(slug="harbour")
    server = start_server(METRICS_TOKEN=TOKEN)

    def figure(name: str) -> float:
        # The server adds its figures up at intervals.
        return values(read(server.url, **BEARER)[1]).get(f"newsroom_{name}", 0)

    with closing(open_stream(server.url, "harbour")) as stream:
        # Once the stream follows the blog, a change is delivered live; before, it would be replayed.
        wait_for(lambda: figure("stream_readers") == 1)
        make_update(blog, "A ferry leaves")
        stream.until(blog.number + 1)
        for _request in range(3):
            urlopen(f"{server.url}/live/harbour/").close()
        urlopen(f"{server.url}/search/?q=ferry").close()

        wait_for(lambda: figure("kept_answers_sent_total") and figure("stream_delivery_lag_seconds_count"))
        figures = values(read(server.url, **BEARER)[1])
    search = {"method": "GET", "status": "200", "view": "reader:search"}
    assert figures[f"newsroom_http_requests_total{json.dumps(search)}"] == 1
    assert figures["newsroom_kept_answers_sent_total"] == 3
    assert figures["newsroom_kept_answers"] > 0
    assert figures["newsroom_kept_answers_bytes"] > 0
    assert figures["newsroom_stream_readers"] == 1
    assert figures["newsroom_stream_delivery_lag_seconds_count"] == 1
    assert figures["newsroom_database_up"] == figures["newsroom_listener_up"] == 1
    assert figures['newsroom_due_passes_total{"result": "done"}'] >= 1


@pytest.mark.django_db(transaction=True)
def test_the_webhook_backlog_counts_undelivered_changes(settings):
    settings.METRICS_NETWORKS = ["127.0.0.1"]
    blog = make_blog()
    make_update(blog, "One")
    blog.refresh_from_db()
    partner = Partner.objects.create(name="Wire", contact="a@example.com")
    webhook = Webhook.objects.create(partner=partner, url="https://wire.example/hook", secret="x")
    webhook.cursors.create(blog=blog, number=0)
    text = Client().get("/metrics").content.decode()
    assert values(text)["newsroom_webhook_backlog_changes"] == blog.number


def test_processes_add_up_and_files_of_ended_processes_are_removed(tmp_path, settings):
    """Counters stay while a process of the same server runs, so that a reload does not reset them."""
    settings.METRICS_DIR = tmp_path
    count = "metrics.KEPT_ANSWERS_SENT.inc(5)"
    script = f"from newsroom import metric_files, metrics; {count}; print(flush=True); input()"
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment = os.environ | shared

    def start() -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        process.stdout.readline()
        return process

    def names() -> set[str]:
        return {path.name for path in tmp_path.iterdir()}

    first, second = start(), start()
    second.communicate(b"\n")
    metric_files.remove_ended()
    assert f"counter_{second.pid}.db" in names()
    assert f"gauge_livesum_{second.pid}.db" not in names()
    assert f"gauge_livesum_{first.pid}.db" in names()
    first.communicate(b"\n")
    metric_files.remove_ended()
    assert names() == set()


@pytest.fixture
def exported_names(settings, transactional_db) -> set[str]:
    """Return the names of all series on /metrics, with a backup on record."""
    settings.METRICS_NETWORKS = ["127.0.0.1"]
    now = "2026-11-28T03:15:00+08:00"
    record = settings.DATA_DIR / "backup.json"
    record.write_text(json.dumps({"made_at": now, "verified_at": now}))
    endpoints._figures.forget()
    try:
        text = Client().get("/metrics").content.decode()
    finally:
        record.unlink()
        endpoints._figures.forget()
    names = set()
    for family in text_string_to_metric_families(text):
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(
            family.type, ("",)
        )
        names |= {family.name + suffix for suffix in suffixes}
        assert family.documentation.endswith("."), family.name
        assert UNITS.fullmatch(family.name + suffixes[0]) or family.type == "histogram", family.name
    return names


def names_in(expressions: list[str]) -> set[str]:
    return set(re.findall(r"\bnewsroom_\w+", " ".join(expressions)))


def test_the_alert_rules_use_metrics_that_exist(exported_names):
    [group] = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
        assert rule["labels"]["severity"] in ("page", "ticket")
    assert names_in([rule["expr"] for rule in group["rules"]]) - exported_names == set()


def test_the_dashboard_shows_every_metric_and_no_others(exported_names):
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert names_in(expressions) - exported_names == set()
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in exported_names}
    names_shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names_in(expressions)}
    assert bases - names_shown - {"newsroom_webhook_failing_seconds", "newsroom_build_info"} == set()


def test_the_manual_lists_every_metric(exported_names):
    documented = set(re.findall(r"`(newsroom_\w+)`", (ROOT / "docs/monitoring.md").read_text()))
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in exported_names} == documented


def test_deploy_files_hide_metrics_from_the_public():
    for name in ("nginx.conf", "Caddyfile", "varnish.vcl"):
        assert "/metrics" in Path(ROOT / "deploy" / name).read_text(), name
