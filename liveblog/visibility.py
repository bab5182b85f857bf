"""Visibility rules: the only place that decides who may see what.

`readable` is the rule as a query and `can_read` as a check of one row; a test compares them for every state
of a live blog and every viewer. Viewers are the public (PUBLIC), an API key, a partner, a webhook (with its
partner's rights, limited to the live blogs that it covers) and staff members:

- The public reads live blogs that are running or have ended and are not under embargo. It may know that a
  withdrawn live blog existed. Drafts and embargoed live blogs must be indistinguishable from addresses that
  do not exist.
- A partner also reads embargoed live blogs that it is granted; so does its key with the scope
  `read:embargoed`.
- Staff read every live blog without a team, including drafts and embargoed ones, but those with a team only
  as its members. Staff who may join every team read all. The same limits apply to writing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeGuard, TypeVar

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, Max, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from liveblog.models import (
    ApiKey,
    AuditEntry,
    Change,
    Delivery,
    Glossary,
    Image,
    LiveBlog,
    Partner,
    ReaderResponse,
    RelatedStory,
    Revision,
    Scope,
    Topic,
    Update,
    Webhook,
    WebhookCursor,
)
from liveblog.models.blog import LiveBlogQuerySet
from liveblog.models.story import RelatedStoryQuerySet
from liveblog.models.update import UpdateQuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])


class Public:
    """The anonymous viewer: no API key, not signed in."""


PUBLIC: Final = Public()
Viewer = Public | ApiKey | Partner | Webhook | User

# Ids have 53 bits; their residues can be summed without an overflow.
_ID_MODULUS: Final = 1_000_000_007
_STARTED: Final = (LiveBlog.Status.LIVE, LiveBlog.Status.ENDED)
# The paths from each model to its live blog. At most one of a row's paths is set.
_BLOGS_OF: Final[dict[type[Model], tuple[str, ...]]] = {
    LiveBlog: ("pk",),
    Update: ("blog",),
    Change: ("blog",),
    Revision: ("update__blog",),
    ReaderResponse: ("blog",),
    RelatedStory: ("blog", "update__blog"),
    WebhookCursor: ("blog",),
    Delivery: ("blog",),
    AuditEntry: ("blog",),
}


# Live blogs


def readable(viewer: Viewer) -> LiveBlogQuerySet:
    """Return the live blogs that `viewer` may read."""
    if _is_staff(viewer):
        return LiveBlog.objects.all() if reads_all(viewer) else LiveBlog.objects.filter(_in_team(viewer))
    return known(viewer).filter(status__in=_STARTED)


def can_read(viewer: Viewer, blog: LiveBlog) -> bool:
    """Return whether `readable(viewer)` includes `blog`, judging by the values of this instance."""
    if _is_staff(viewer):
        if reads_all(viewer):
            return True
        team = set(blog.team.values_list("pk", flat=True))
        return not team or viewer.pk in team
    return blog.status in _STARTED and can_know(viewer, blog)


def known(viewer: Viewer) -> LiveBlogQuerySet:
    """Return the live blogs that `viewer` may know to exist: readable and withdrawn ones."""
    if _is_staff(viewer):
        return readable(viewer)
    return LiveBlog.objects.filter(_is_known(viewer))


def _is_known(viewer: Viewer) -> Q:
    """Return the condition that a viewer who is not staff may know of a live blog."""
    partner = _partner_under_embargo(viewer)
    is_open = Q(embargo_until_at__isnull=True)
    is_known = ~Q(status=LiveBlog.Status.DRAFT) & (
        is_open | _granted(partner.pk, "pk") if partner else is_open
    )
    if isinstance(viewer, Webhook) and viewer.blogs.exists():
        return is_known & Q(pk__in=viewer.blogs.values("pk"))
    return is_known


def can_know(viewer: Viewer, blog: LiveBlog) -> bool:
    """Return whether `known(viewer)` includes `blog`, judging by the values of this instance."""
    if _is_staff(viewer):
        return can_read(viewer, blog)
    if blog.status == LiveBlog.Status.DRAFT:
        return False
    if blog.embargo_until_at is not None:
        partner = _partner_under_embargo(viewer)
        if partner is None or not partner.granted_blogs.filter(pk=blog.pk).exists():
            return False
    if isinstance(viewer, Webhook) and viewer.blogs.exists():
        return viewer.blogs.filter(pk=blog.pk).exists()
    return True


def linkable(user: User) -> LiveBlogQuerySet:
    """Return the live blogs whose titles a staff member may see and link to: readable and public ones."""
    return LiveBlog.objects.filter(
        Q(pk__in=readable(user).values("pk")) | Q(pk__in=readable(PUBLIC).values("pk"))
    )


def reads_all(user: User) -> bool:
    """Return whether a staff member may read every live blog, whatever its team."""
    return user.has_perm("liveblog.join_every_team")


def partner_may_read(partner: str, blog: str) -> Q:
    """Return the condition that the partner at path `partner` of a row may read the blog at path `blog`."""
    is_open = Q(**{f"{blog}__embargo_until_at__isnull": True})
    return Q(**{f"{blog}__status__in": _STARTED}) & (is_open | _granted(OuterRef(partner), blog))


@dataclass(frozen=True)
class State:
    """The state of several live blogs. Equal keys mean that everything a viewer may read of them is equal.

    The times are when anything public last changed, None before the first change. They never go backwards:
    they also count withdrawn live blogs, and the moments when an embargo hid a live blog. Changes to a live
    blog while it is hidden do not count.

    `is_dated` is false once a backup was restored, since a client's date may be the date of a lost change.
    """

    key: str
    modified_at: datetime | None
    feed_updated_at: datetime | None
    is_dated: bool


def state_of(viewer: Viewer, blogs: LiveBlogQuerySet | None = None, *, edition: str | None = None) -> State:
    """Return the state of the live blogs that `viewer` may know of, or only of the ones among `blogs`.

    `viewer` must not be staff. This takes one query, whatever the length of the live blogs. Numbers only
    grow, so for the same live blogs an equal sum means equal numbers; the count and the sum of ids show
    whether they are the same. Read the state before any other row, so that the content may be newer than its
    state but never older.
    """
    is_public, is_included = _is_known(PUBLIC), _is_known(viewer)
    if blogs is not None:
        is_included &= Q(pk__in=blogs.values("pk"))
    embargoes = Change.objects.filter(kind=Change.Kind.BLOG_EMBARGOED).order_by("-at")
    row = LiveBlog.objects.aggregate(
        count=Count("pk", filter=is_included),
        ids=Sum(F("pk") % _ID_MODULUS, filter=is_included),
        numbers=Sum("number", filter=is_included),
        generations=Sum("log_start", filter=is_included),
        restarted=Max("log_start"),
        glossary=Max(Glossary.objects.revision_column() if edition else Value(0)),
        modified_at=Max("modified_at", filter=is_public),
        feed_updated_at=Max("feed_updated_at", filter=is_public),
        hidden_at=Max(Subquery(embargoes.values("at")[:1])),
    )
    key = "-".join(str(row[name] or 0) for name in ("count", "ids", "numbers", "generations", "glossary"))
    modified_at, feed_updated_at = (
        max(filter(None, (row[name], row["hidden_at"])), default=None)
        for name in ("modified_at", "feed_updated_at")
    )
    return State(f"{key}-{edition or ''}", modified_at, feed_updated_at, is_dated=not row["restarted"])


# Rows that belong to live blogs


def limited(user: User, rows: Rows) -> Rows:
    """Return the `rows` that a staff member may read. Their model is Image or one in `_BLOGS_OF`."""
    if reads_all(user):
        return rows
    if rows.model is Image:
        return rows.filter(pk__in=readable_images(user).values("pk"))
    paths = _BLOGS_OF[rows.model]
    blogs = readable(user).values("pk")
    belongs = Q(**dict.fromkeys((f"{path}__isnull" for path in paths), True))
    for path in paths:
        belongs |= Q(**{f"{path}__in": blogs})
    return rows.filter(belongs)


def can_read_row(user: User, row: Model) -> bool:
    """Return whether a staff member may read one row of a model that `limited` accepts."""
    return limited(user, type(row)._base_manager.filter(pk=row.pk)).exists()


def readable_updates(viewer: Viewer) -> UpdateQuerySet:
    """Return the updates that `viewer` may read: for non-staff, published ones and tombstones."""
    if _is_staff(viewer):
        return limited(viewer, Update.objects.all())
    # With a list of live blogs, SQLite would sort all of their updates instead of walking an index in order.
    return Update.objects.visible().filter(Exists(readable(viewer).filter(pk=OuterRef("blog"))))


def readable_stories(viewer: Viewer) -> RelatedStoryQuerySet:
    """Return the related stories that `viewer` may read; `home` is the id of the live blog showing them."""
    rows = RelatedStory.objects.annotate(home=Coalesce("blog_id", "update__blog_id"))
    if _is_staff(viewer):
        return limited(viewer, rows)
    return rows.filter(
        Q(update__isnull=True) | Q(update__status=Update.Status.PUBLISHED),
        Q(live_blog__isnull=True) | Q(live_blog__in=known(PUBLIC)),
        home__in=readable(viewer).values("pk"),
    )


def readable_responses(viewer: Viewer) -> QuerySet[ReaderResponse]:
    """Return the readers' responses that `viewer` may read: for non-staff, approved ones."""
    if _is_staff(viewer):
        return limited(viewer, ReaderResponse.objects.all())
    return ReaderResponse.objects.filter(
        status=ReaderResponse.Status.APPROVED, blog__has_responses=True, blog__in=readable(viewer)
    )


def readable_topics(viewer: Viewer) -> QuerySet[Topic]:
    """Return the topics that `viewer` may know of: for non-staff, topics of live blogs in `known(viewer)`."""
    if _is_staff(viewer):
        return Topic.objects.all()
    known_links = LiveBlog.topics.through.objects.filter(topic=OuterRef("pk"), liveblog__in=known(viewer))
    return Topic.objects.filter(Exists(known_links))


def readable_images(viewer: Viewer) -> QuerySet[Image]:
    """Return the pictures that `viewer` may see: for non-staff, those that a page shows now.

    Staff see pictures in live blogs that they may read, public pictures and their own uploads. A picture that
    nothing uses yet belongs to the live blog that it was uploaded for, or to all staff if there is none.
    """
    blogs = readable(viewer).values("pk")
    is_shown = Q(hero_of__in=blogs) | Q(updates__status=Update.Status.PUBLISHED, updates__blog__in=blogs)
    if not _is_staff(viewer):
        return Image.objects.filter(is_shown).distinct()
    if reads_all(viewer):
        return Image.objects.all()
    is_used_here = Q(hero_of__in=blogs) | Q(updates__blog__in=blogs)
    is_unused = Q(hero_of__isnull=True, updates__isnull=True)
    is_meant_for_viewer = is_unused & (Q(uploaded_for__isnull=True) | Q(uploaded_for__in=blogs))
    is_public = Q(pk__in=readable_images(PUBLIC).values("pk"))
    return Image.objects.filter(
        is_used_here | is_meant_for_viewer | is_public | Q(created_by=viewer.pk)
    ).distinct()


def shown_stories(stories: Iterable[RelatedStory]) -> list[RelatedStory]:
    """Return the `stories` that may be shown, leaving out links to drafts and embargoed live blogs.

    The title of such a link is usually the hidden live blog's headline.
    """
    return [story for story in stories if story.live_blog is None or can_know(PUBLIC, story.live_blog)]


def readable_content(user: User, content: dict[str, Any]) -> dict[str, Any]:
    """Return a revision's content without references to live blogs that `user` may not link to."""
    stories = content.get("stories", [])
    ids = [story["live_blog"]["id"] for story in stories if story["live_blog"]]
    linkable_ids = set(linkable(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    return content | {
        "stories": [
            story | {"live_blog": None}
            if story["live_blog"] and story["live_blog"]["id"] not in linkable_ids
            else story
            for story in stories
        ]
    }


def readable_actions(user: User, count: int) -> list[LogEntry]:
    """Return a staff member's latest `count` admin log entries on rows that they may still read."""
    entries = list(LogEntry.objects.filter(user=user.pk).select_related("content_type")[: 10 * count])
    ids = defaultdict(set)
    for entry in entries:
        ids[entry.content_type].add(entry.object_id)
    hidden = set()
    for content_type, objects in ids.items():
        model = content_type.model_class() if content_type else None
        if model in _BLOGS_OF or model is Image:
            rows = limited(user, model._default_manager.filter(pk__in=objects))
            readable_ids = set(map(str, rows.values_list("pk", flat=True)))
            hidden |= {(content_type, pk) for pk in objects - readable_ids}
    return [entry for entry in entries if (entry.content_type, entry.object_id) not in hidden][:count]


# Viewers


def _is_staff(viewer: Viewer) -> TypeGuard[User]:
    return isinstance(viewer, User) and viewer.is_active and viewer.is_staff


def _in_team(user: User) -> Q:
    team = LiveBlog.team.through.objects.filter(liveblog=OuterRef("pk"))
    return ~Q(Exists(team)) | Q(Exists(team.filter(user=user.pk)))


def _partner_under_embargo(viewer: Viewer) -> Partner | None:
    """Return the partner whose grants let `viewer` read embargoed live blogs; None if there is none."""
    if isinstance(viewer, Webhook):
        return viewer.partner
    if isinstance(viewer, ApiKey):
        return viewer.partner if Scope.READ_EMBARGOED in viewer.scopes else None
    return viewer if isinstance(viewer, Partner) else None


def _granted(partner: Any, blog: str) -> Q:
    grants = Partner.granted_blogs.through.objects.filter(partner=partner, liveblog=OuterRef(blog))
    return Q(Exists(grants))
