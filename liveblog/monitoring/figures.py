"""The figures of `/metrics`: counted by all processes, or read from the database."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from liveblog.models import AuditHead, ReaderResponse, Webhook, WebhookCursor
from liveblog.monitoring import backup_record, health
from newsroom import __version__, metrics

# https://prometheus.io/docs/instrumenting/exposition_formats/
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

logger = logging.getLogger(__name__)


def exposition() -> bytes:
    """Return all figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(SiteCollector())
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(metrics.REGISTRY)
    return generate_latest(registry)


class SiteCollector(Collector):
    """Figures that are the same in all processes. Figures from the database are left out while it is down."""

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("newsroom_build_info", "The release that runs.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        free = shutil.disk_usage(settings.DATA_DIR).free
        yield GaugeMetricFamily("newsroom_disk_free_bytes", "Free space in DATA_DIR.", value=free)
        hears = health.listener.is_alive
        yield _gauge("newsroom_listener_up", "Whether the asked process hears of changes.", hears)
        yield from _backups()
        try:
            families = [*_of_database()]
            is_up = True
        except DatabaseError as error:
            logger.warning("The database cannot be reached: %s", error)
            families, is_up = [], False
        yield _gauge("newsroom_database_up", "Whether the database answers.", is_up)
        yield from families


def _of_database() -> Iterator[Metric]:
    now = timezone.now()
    late_count = health.count_late(now)
    yield _gauge("newsroom_due_late_items", "Scheduled work that is more than a minute late.", late_count)
    due_since = health.due_since(now)
    late_seconds = (now - due_since).total_seconds() if due_since else 0
    yield _gauge("newsroom_due_late_seconds", "How late the oldest such work is.", late_seconds)
    changes = WebhookCursor.objects.backlog()
    yield _gauge("newsroom_webhook_backlog_changes", "Changes that webhooks still have to get.", changes)
    since = WebhookCursor.objects.behind().aggregate(since=Min("failing_since_at"))["since"]
    failing = (now - since).total_seconds() if since else 0
    yield _gauge("newsroom_webhook_failing_seconds", "For how long the worst webhook has failed.", failing)
    yield _gauge("newsroom_webhooks_failing", "Webhooks that fail now.", Webhook.objects.failing().count())
    disabled = Webhook.objects.filter(disabled_at__isnull=False, partner__is_active=True).count()
    yield _gauge("newsroom_webhooks_disabled", "Webhooks that are disabled.", disabled)
    entries = AuditHead.objects.aggregate(count=Sum("position", default=0))["count"]
    yield _gauge("newsroom_audit_entries", "Entries of the audit log.", entries)
    pending = ReaderResponse.objects.pending().count()
    yield _gauge("newsroom_responses_pending", "Readers' responses that wait for moderation.", pending)


def _backups() -> Iterator[Metric]:
    record = backup_record.read_record()
    moments = {
        "newsroom_backup_timestamp_seconds": ("When the last backup was made.", record.made_at),
        "newsroom_backup_verified_timestamp_seconds": (
            "When a backup was last verified.",
            record.verified_at,
        ),
    }
    for name, (text, moment) in moments.items():
        if moment is not None:
            yield _gauge(name, text, moment.timestamp())


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
