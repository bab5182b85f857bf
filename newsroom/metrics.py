"""Figures that the code counts as it works, for Prometheus. `/metrics` adds figures from the database.

In a server each process writes its own figures to a file (`newsroom.metric_files`). Names follow
https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from newsroom.http import GetResponse

# Several processes have no such series, and for one process it would only double the number of series.
disable_created_metrics()
REGISTRY: Final = CollectorRegistry()

REQUESTS: Final = Counter(
    "newsroom_http_requests_total",
    "Requests that Django handled, by the name of their view.",
    ["view", "method", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS: Final = Histogram(
    "newsroom_http_request_duration_seconds",
    "Time that Django took for a request.",
    ["view"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=REGISTRY,
)
PUBLISH_SECONDS: Final = Histogram(
    "newsroom_publish_duration_seconds",
    "Time from asking for a live blog's lock until its change was committed.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
DELIVERY_LAG_SECONDS: Final = Histogram(
    "newsroom_stream_delivery_lag_seconds",
    "Time from a change until it was written to the last stream of a live blog.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
STREAM_READERS: Final = Gauge(
    "newsroom_stream_readers",
    "Open streams, desks excepted.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
STREAM_READERS_ABORTED: Final = Counter(
    "newsroom_stream_readers_aborted_total",
    "Streams that were aborted because their reader did not read.",
    registry=REGISTRY,
)
KEPT_ANSWERS_SENT: Final = Counter(
    "newsroom_kept_answers_sent_total",
    "Answers that were sent from memory, ahead of Django.",
    registry=REGISTRY,
)
KEPT_ANSWERS_MADE: Final = Counter(
    "newsroom_kept_answers_made_total",
    "Answers that Django rendered to be kept.",
    registry=REGISTRY,
)
KEPT_ANSWERS: Final = Gauge(
    "newsroom_kept_answers",
    "Answers in memory, in all codings.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
KEPT_ANSWERS_BYTES: Final = Gauge(
    "newsroom_kept_answers_bytes",
    "Memory that the kept answers take.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
WEBHOOK_DELIVERIES: Final = Counter(
    "newsroom_webhook_deliveries_total",
    "Attempts to deliver to a webhook: delivered or failed.",
    ["result"],
    registry=REGISTRY,
)
DUE_PASSES: Final = Counter(
    "newsroom_due_passes_total",
    "Times that a process looked for due work: done or failed.",
    ["result"],
    registry=REGISTRY,
)
LOG_RECORDS: Final = Counter(
    "newsroom_log_records_total",
    "Warnings and errors in the log.",
    ["level"],
    registry=REGISTRY,
)

# Without this list, each method that a client makes up would be another time series.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

logger = logging.getLogger(__name__)


class CountRecords(logging.Filter):
    """Counts warnings and errors, and lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            LOG_RECORDS.labels(record.levelname.lower()).inc()
        return True


def count_requests(get_response: GetResponse) -> GetResponse:
    """Middleware: count each request by view, method and status, and log it if LOG_REQUESTS is set."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = get_response(request)
        seconds = time.monotonic() - started
        match = request.resolver_match
        # Clients can make up any number of addresses without a view, so these count as one.
        view = (match.view_name or match._func_path) if match else "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(view).observe(seconds)
        if settings.LOG_REQUESTS:
            logger.info("%s %s %d %.0f ms", method, view, response.status_code, seconds * 1000)
        return response

    return middleware
