"""Log formats: plain lines, or one JSON object a line, with the request's id and without secrets."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from pythonjsonlogger.json import JsonFormatter

from newsroom.http import request_ids

MASK: Final = "[removed]"
# Never the other attributes of a record: Django attaches whole requests to its own.
_FIELDS: Final = ("time", "level", "logger", "message", "request_id", "process", "thread", "exception")
# Masking shorter values would also mask unrelated text that contains the same letters.
_SHORTEST_SECRET: Final = 8

_PATTERNS: Final = [
    # API keys and webhook secrets are recognized by how they begin; a key's displayable prefix stays.
    (re.compile(r"(nrk_[0-9a-f]{8})_[\w-]+"), rf"\1_{MASK}"),
    (re.compile(r"whsec_[\w+/=-]+"), f"whsec_{MASK}"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), rf"\1:{MASK}@"),
    (
        re.compile(
            r"((?:password|passwd|secret|token|sessionid|api[_-]?key|otp|csrfmiddlewaretoken|cookie)\w*"
            r"[\"']?\s*[=:]\s*)(?!\[removed\])([\"'][^\"']*[\"']|[^\s,;&)}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    # PostgreSQL quotes the row that it refused, and the statement with its values.
    (re.compile(r"^(DETAIL|CONTEXT|STATEMENT):.*$", re.MULTILINE), rf"\1: {MASK}"),
]


def redact(text: str) -> str:
    """Return `text` without keys, tokens, passwords, and rows that a database refused."""
    for secret in _own_secrets():
        text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=1)
def _own_secrets() -> tuple[str, ...]:
    """Return the secrets among the settings, longest first."""
    values = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        settings.METRICS_TOKEN,
        settings.EMAIL_HOST_PASSWORD,
        settings.DATABASES["default"].get("PASSWORD", ""),
        settings.SENTRY_DSN,
    ]
    secrets = {str(value) for value in values if value and len(str(value)) >= _SHORTEST_SECRET}
    return tuple(sorted(secrets, key=len, reverse=True))


class AddRequestId(logging.Filter):
    """Adds the id of the request that the record was logged for; empty in background work."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_ids.current.get()
        return True


class Lines(logging.Formatter):
    """One line for each record, with the request's id in brackets, and a traceback below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        request_id = getattr(record, "request_id", "")
        line = super().formatMessage(record)
        return f"{line} [{request_id}]" if request_id else line

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonLines(JsonFormatter):
    """One JSON object for each record, with the traceback in it."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}{request_id}{process}{threadName}",
            style="{",
            json_ensure_ascii=False,
            rename_fields={
                "levelname": "level",
                "name": "logger",
                "threadName": "thread",
                "exc_info": "exception",
            },
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        fields = {name: log_data[name] for name in _FIELDS if log_data.get(name) not in (None, "")}
        return {name: redact(value) if isinstance(value, str) else value for name, value in fields.items()}

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        moment = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
