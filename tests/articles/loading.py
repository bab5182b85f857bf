"""Loading of one article, with a dry run before each load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from liveblog.articles.article import Article, ArticleError
from liveblog.articles.load import load
from liveblog.articles.parse import parse
from liveblog.articles.report import Action, Report
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM
from newsroom import hongkong

COPY = """\
燈塔︱百年燈塔重新亮燈|持續更新
2026-03-19 10:00
燈塔停用十年後重新啟用。
相關新聞:燈塔︱開放時間一覽
20日最新消息
首晚亮燈
【00:30】燈塔零時亮燈。
.燈光可見20公里;
.每10秒一閃。
相關新聞:修復工程全紀錄
居民到場觀看。
燈塔志願者獲嘉許
志願者說很高興。
19日最新消息
修復完成
【10:05】工程隊離開。
【09:00】最後測試完成。
"""
AT_10_05 = datetime(2026, 3, 19, 10, 5, tzinfo=hongkong.ZONE)


def load_copy(text: str = COPY, **options: object) -> Report:
    """Load copy after a dry run, which must give the same report and neither write nor lock."""
    article, options = parse(text), {"by": SYSTEM, "slug": "lighthouse", "publish": True} | options
    dry_report, refusal = _run(lambda: _rehearse(article, options))
    report, real_refusal = _run(lambda: load(article, **options))
    assert str(refusal) == str(real_refusal)
    if real_refusal:
        raise real_refusal
    if not options.get("dry_run"):
        assert _without_ids(dry_report) == replace(_without_ids(report), is_dry_run=True)
    return report


def _rehearse(article: Article, options: dict[str, object]) -> Report:
    with CaptureQueriesContext(connection) as queries:
        report = load(article, **options | {"dry_run": True})
    assert writes_in(queries) == []
    return report


def _run(act: Callable[[], Report]) -> tuple[Report | None, Exception | None]:
    try:
        return act(), None
    except (ArticleError, PermissionDenied, ValidationError) as refusal:
        return None, refusal


def _without_ids(report: Report) -> Report:
    """Return the report without update ids, which a dry run does not have for new updates."""
    return replace(report, outcomes=tuple(replace(outcome, update_id=None) for outcome in report.outcomes))


def writes_in(queries: CaptureQueriesContext) -> list[str]:
    """Return the SQL statements that write or lock.

    Savepoints are ignored, because Django checks constraints by a SELECT inside one.
    """
    statements = [query["sql"] for query in queries.captured_queries]
    reading = ("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT")
    return [sql for sql in statements if not sql.startswith(reading) or "FOR UPDATE" in sql]


def blog() -> LiveBlog:
    return LiveBlog.objects.get(slug="lighthouse")


def update(heading: str) -> Update:
    return Update.objects.get(blog=blog(), heading=heading)


def changes_in(report: Report) -> list[tuple[Action, str]]:
    """Return action and name of each update that the load did not leave unchanged."""
    return [
        (outcome.action, outcome.about)
        for outcome in report.outcomes
        if outcome.action is not Action.UNCHANGED
    ]
