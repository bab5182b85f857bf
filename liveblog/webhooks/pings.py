"""Pings: notification of the WebSub hub about changed feeds, and of IndexNow about changed pages.

As with webhooks there is no queue: a cursor records up to which number of a live blog's log a service has
been pinged. Pings are debounced until a burst of changes is over and shared caches have expired the feed that
the service is about to fetch. A ping says only that something has changed, so a failed one is simply repeated
later and covers whatever has changed by then.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.urls import reverse

from liveblog import visibility
from liveblog.models import Change, LiveBlog, PingCursor, PingService, Topic, Update
from liveblog.models.blog import Language
from liveblog.models.change import NOT_IN_FEEDS
from liveblog.visibility import PUBLIC
from liveblog.webhooks.cursors import wait_after
from liveblog.webhooks.delivery import Answer
from newsroom import __version__
from newsroom.site import absolute

# Longer than shared caches keep a feed (`s-maxage`), so that the service does not fetch a stale one.
SETTLE: Final = timedelta(seconds=3)
# While changes follow one another without a pause, ping a service this often.
LONGEST_WAIT: Final = timedelta(seconds=10)
# Longer than a ping of many feeds takes. After a crash, another sender takes over when the lease expires.
LEASE: Final = timedelta(minutes=2)
GIVE_UP_AFTER: Final = timedelta(days=1)
# Live blogs that one process pings concurrently, and concurrent requests for each.
AT_ONCE: Final = 4
POSTS_AT_ONCE: Final = 8
# IndexNow asks to wait this long before the same URL is submitted again.
PAGE_INTERVAL: Final = timedelta(minutes=10)
# Beyond this number a sitemap is the better way.
MOST_PAGES: Final = 1_000
# Served by `liveblog.reader.feeds`.
_FORMS: Final = ("atom", "rss", "json")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PingClaim:
    """A cursor, leased until `until`, for a ping about the changes up to `number`.

    `names_page` means that IndexNow is pinged about the live blog's own page as well.
    """

    cursor: PingCursor
    number: int
    topics: list[str]
    names_page: bool
    until: datetime


@dataclass(frozen=True)
class Request:
    """A POST request."""

    url: str
    headers: dict[str, str]
    body: bytes


def is_enabled() -> bool:
    return bool(settings.WEBSUB_HUB or settings.INDEXNOW_KEY)


def claim(at: datetime, room: int) -> list[PingClaim]:
    """Lease up to `room` due cursors for this process."""
    services = _services(at)
    _open_cursors(services)
    candidates = list(_due(at, services).values_list("pk", flat=True)[:room])
    if not candidates:
        return []
    until = at + LEASE
    with transaction.atomic():
        # Check again under the lock, because another process may have been first.
        skip_locked = connection.features.has_select_for_update_skip_locked
        rows = _due(at, services).filter(pk__in=candidates).select_related("service", "blog")
        cursors = list(rows.select_for_update(of=("self",), skip_locked=skip_locked))
        PingCursor.objects.filter(pk__in=[cursor.pk for cursor in cursors]).update(leased_until_at=until)
    return [_claim(cursor, at, until) for cursor in cursors]


def _claim(cursor: PingCursor, at: datetime, until: datetime) -> PingClaim:
    number = _settled_number(cursor, at)
    return PingClaim(cursor, number, _topics(cursor.blog), _names_page(cursor, number, at), until)


def _services(at: datetime) -> list[PingService]:
    """Return the services in the settings, creating new ones to be pinged about changes from now on."""
    configured = [
        (PingService.Kind.WEBSUB, settings.WEBSUB_HUB),
        (PingService.Kind.INDEXNOW, settings.INDEXNOW_KEY and settings.INDEXNOW_URL),
    ]
    return [
        PingService.objects.get_or_create(kind=kind, url=url, defaults={"since_at": at})[0]
        for kind, url in configured
        if url
    ]


def _open_cursors(services: Iterable[PingService]) -> None:
    """Create the missing cursors of each service for the public live blogs.

    They start before the changes made since the service was added.
    """
    for service in services:
        existing = PingCursor.objects.filter(service=service).values("blog")
        new_blogs = visibility.known(PUBLIC).filter(number__gt=0).exclude(pk__in=existing)
        earlier = Max("changes__number", filter=Q(changes__at__lt=service.since_at))
        cursors = [
            PingCursor(service=service, blog_id=pk, number=number or 0)
            for pk, number in new_blogs.annotate(earlier=earlier).values_list("pk", "earlier")
        ]
        PingCursor.objects.bulk_create(cursors, ignore_conflicts=True)


def _due(at: datetime, services: Iterable[PingService]) -> QuerySet[PingCursor]:
    """Return the free cursors of public live blogs whose log has advanced and settled, or waited too long."""
    next_change = Change.objects.filter(blog=OuterRef("blog"), number=OuterRef("number") + 1)
    has_waited = Exists(next_change.filter(at__lte=at - LONGEST_WAIT))
    has_settled = Q(blog__modified_at__lte=at - SETTLE) | Q(has_waited)
    return PingCursor.objects.free(at).filter(
        Q(blog__number__gt=F("number")) & has_settled
        | Q(is_page_due=True, page_told_at__lte=at - PAGE_INTERVAL),
        service__in=list(services),
        blog__in=visibility.known(PUBLIC),
    )


def _settled_number(cursor: PingCursor, at: datetime) -> int:
    """Return the number of the last change that is old enough for shared caches to have expired."""
    changes = Change.objects.filter(blog=cursor.blog_id, number__gt=cursor.number, at__lte=at - SETTLE)
    return changes.aggregate(last=Max("number"))["last"] or cursor.number


def _names_page(cursor: PingCursor, number: int, at: datetime) -> bool:
    """Return whether the live blog's own page may be submitted again, or was changed by more than updates."""
    if cursor.page_told_at is None or cursor.page_told_at <= at - PAGE_INTERVAL:
        return True
    changes = Change.objects.filter(blog=cursor.blog_id, number__gt=cursor.number, number__lte=number)
    return changes.filter(update__isnull=True).exclude(kind__in=NOT_IN_FEEDS).exists()


def _topics(blog: LiveBlog) -> list[str]:
    return sorted(blog.topics.values_list("slug", flat=True))


def requests_for(claim: PingClaim) -> list[Request]:
    """Return the requests for the service; an empty list if nothing that it would fetch has changed."""
    cursor = claim.cursor
    if not visibility.known(PUBLIC).filter(pk=cursor.blog_id).exists():
        # It came under an embargo meanwhile. Lifting the embargo is a change, which is pinged in turn.
        return []
    changes = Change.objects.filter(blog=cursor.blog_id, number__gt=cursor.number, number__lte=claim.number)
    if cursor.service.kind == PingService.Kind.INDEXNOW:
        pages = changed_pages(cursor.blog, changes, names_page=claim.names_page)
        return [_index_request(cursor.service.url, pages)] if pages else []
    if not changes.exclude(kind__in=NOT_IN_FEEDS).exists():
        return []
    topics = {*claim.topics, *cursor.topics}
    return [_hub_request(cursor.service.url, feed) for feed in feeds_of(cursor.blog, topics)]


def _hub_request(hub: str, feed: str) -> Request:
    """Return a ping for one feed, because many hubs accept only one `hub.url` per request."""
    body = urlencode({"hub.mode": "publish", "hub.url": feed, "hub.topic": feed})
    return Request(hub, _headers("application/x-www-form-urlencoded"), body.encode())


def _index_request(url: str, pages: list[str]) -> Request:
    """Return a ping in the format of https://www.indexnow.org/documentation."""
    body = {
        "host": urlsplit(settings.SITE_URL).netloc,
        "key": settings.INDEXNOW_KEY,
        "keyLocation": absolute(reverse("reader:index_key", args=[settings.INDEXNOW_KEY])),
        "urlList": pages,
    }
    return Request(url, _headers("application/json; charset=utf-8"), json.dumps(body).encode())


def _headers(content_type: str) -> dict[str, str]:
    return {"content-type": content_type, "user-agent": f"Newsroom/{__version__}"}


def feeds_of(blog: LiveBlog, topics: Iterable[str]) -> list[str]:
    """Return the addresses of all feeds that a change of `blog` changes, in every format and script."""
    slugs = sorted(Topic.objects.filter(slug__in=topics).values_list("slug", flat=True))
    of_site = _prefixes(settings.SITE_LANGUAGE)
    if blog.language == Language.EN != settings.SITE_LANGUAGE:
        of_site.append([blog.language])
    paths = [*_forms(_prefixes(blog.language), "blog_feed", blog.slug), *_forms(of_site, "site_feed")]
    for slug in slugs:
        paths += _forms(of_site, "topic_feed", slug)
    return list(map(absolute, paths))


def changed_pages(blog: LiveBlog, changes: QuerySet[Change], *, names_page: bool) -> list[str]:
    """Return the addresses of the pages that `changes` of `blog` changed, withdrawn ones included."""
    changed = Update.objects.filter(pk__in=changes.filter(update__isnull=False).values("update"))
    paths = list(_pages_in_scripts(blog, "blog")) if names_page else []
    for pk in changed.order_by("-pk").values_list("pk", flat=True)[:MOST_PAGES]:
        paths += _pages_in_scripts(blog, "update", pk)
    return list(map(absolute, paths))


def _forms(prefixes: list[list[str]], name: str, *arguments: str) -> Iterator[str]:
    for prefix in prefixes:
        for form in _FORMS:
            yield reverse(f"reader:{name}", args=[*prefix, *arguments, form])


def _pages_in_scripts(blog: LiveBlog, name: str, *arguments: int) -> Iterator[str]:
    for prefix in _prefixes(blog.language):
        yield reverse(f"reader:{name}", args=[*prefix, blog.slug, *arguments])


def _prefixes(language: str) -> list[list[str]]:
    """Return the leading URL arguments: none, and the other script if there is one."""
    other = Language(language).other_script
    return [[], [other.value]] if other else [[]]


def is_temporary(answer: Answer) -> bool:
    """Return whether the same request may succeed later: no response, or a temporary error (RFC 9110)."""
    return answer.status is None or answer.status in (408, 425, 429) or answer.status >= 500


def release(claim: PingClaim) -> None:
    """Release the cursor unsent, so that another sender can take it."""
    _leased(claim).update(leased_until_at=None)


def finish(claim: PingClaim, answers: list[Answer], at: datetime) -> None:
    """Advance the cursor, or schedule the next attempt. Log permanent failures without retrying them."""
    for answer in answers:
        if not answer.is_success:
            logger.warning("%s: %s", claim.cursor, answer.reason)
    failure = next(filter(is_temporary, answers), None)
    since = claim.cursor.failing_since_at or at
    if failure is None or at - since >= GIVE_UP_AFTER:
        _leased(claim).update(
            number=claim.number,
            topics=claim.topics,
            page_told_at=at if claim.names_page else claim.cursor.page_told_at,
            is_page_due=not claim.names_page,
            attempts=0,
            failing_since_at=None,
            next_attempt_at=None,
            leased_until_at=None,
        )
    else:
        _postpone(claim, failure, since, at)


def _postpone(claim: PingClaim, failure: Answer, since: datetime, at: datetime) -> None:
    attempts = claim.cursor.attempts + 1
    again_at = at + wait_after(attempts, failure)
    with transaction.atomic():
        _leased(claim).update(
            attempts=attempts, failing_since_at=since, next_attempt_at=again_at, leased_until_at=None
        )
        if failure.retry_after is not None:
            # Retry-After applies to the whole service, not to one live blog only.
            claim.cursor.service.cursors.exclude(next_attempt_at__gt=again_at).update(
                next_attempt_at=again_at
            )


def _leased(claim: PingClaim) -> QuerySet[PingCursor]:
    """Return a query for the cursor that matches only while this process holds the lease."""
    return PingCursor.objects.filter(pk=claim.cursor.pk, leased_until_at=claim.until)
