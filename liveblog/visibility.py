"""Who may see what: the only place that decides it.

`readable` says it as a query and `can_read` as a check of one row; a test holds them together for every state
of a live blog and every viewer. Viewers are the public (PUBLIC), an API key, a partner, a webhook (its
partner's rights in the live blogs that it is for), and members of the staff:

- The public reads live blogs that run or have ended and are under no embargo. Of one that was withdrawn it
  may know that it existed. Drafts and embargoed live blogs must not be told from addresses that do not exist.
- A partner also reads live blogs under embargo that it is granted; so does its key with `read:embargoed`.
- The staff read every live blog that has no team, drafts and embargoed ones included, and one that has a team
  only as its members. Who may join every team reads all. Reading is limited just as writing is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, Max, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from liveblog.models import (
    ApiKey,
    Change,
    Delivery,
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

Row = TypeVar("Row", bound=Model)


class Public:
    """Whoever asks without a key and without having signed in."""


PUBLIC: Final = Public()
Viewer = Public | ApiKey | Partner | Webhook | AbstractBaseUser

_STARTED: Final = (LiveBlog.Status.LIVE, LiveBlog.Status.ENDED)
# Where the rows of a model stand: each path leads to a live blog, and at most one of them is set.
_BLOGS_OF: Final[dict[type[Model], tuple[str, ...]]] = {
    LiveBlog: ("pk",),
    Update: ("blog",),
    Change: ("blog",),
    Revision: ("update__blog",),
    ReaderResponse: ("blog",),
    RelatedStory: ("blog", "update__blog"),
    WebhookCursor: ("blog",),
    Delivery: ("blog",),
}


# Live blogs


def readable(viewer: Viewer) -> LiveBlogQuerySet:
    """The live blogs that `viewer` may read."""
    if _is_staff(viewer):
        return LiveBlog.objects.all() if reads_all(viewer) else LiveBlog.objects.filter(_in_team(viewer))
    return known(viewer).filter(status__in=_STARTED)


def can_read(viewer: Viewer, blog: LiveBlog) -> bool:
    """Whether `readable(viewer)` holds `blog`, as this row says."""
    if _is_staff(viewer):
        if reads_all(viewer):
            return True
        team = set(blog.team.values_list("pk", flat=True))
        return not team or viewer.pk in team
    return blog.status in _STARTED and can_know(viewer, blog)


def known(viewer: Viewer) -> LiveBlogQuerySet:
    """The live blogs of which `viewer` may know that they exist: readable ones, and withdrawn ones."""
    if _is_staff(viewer):
        return readable(viewer)
    rows = LiveBlog.objects.exclude(status=LiveBlog.Status.DRAFT)
    partner = _partner_under_embargo(viewer)
    is_open = Q(embargo_until_at__isnull=True)
    rows = rows.filter(is_open | _granted(partner.pk, "pk") if partner else is_open)
    if isinstance(viewer, Webhook) and viewer.blogs.exists():
        return rows.filter(pk__in=viewer.blogs.values("pk"))
    return rows


def can_know(viewer: Viewer, blog: LiveBlog) -> bool:
    """Whether `known(viewer)` holds `blog`, as this row says."""
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


def linkable(user: AbstractBaseUser) -> LiveBlogQuerySet:
    """The live blogs whose title a member of the staff may be shown, to link to: readable and public ones."""
    return LiveBlog.objects.filter(
        Q(pk__in=readable(user).values("pk")) | Q(pk__in=readable(PUBLIC).values("pk"))
    )


def reads_all(user: AbstractBaseUser) -> bool:
    """Whether a member of the staff reads every live blog, whatever its team."""
    return user.has_perm("liveblog.join_every_team")


def partner_may_read(partner: str, blog: str) -> Q:
    """Condition on rows that name both: the partner at the path `partner` may read the one at `blog`."""
    is_open = Q(**{f"{blog}__embargo_until_at__isnull": True})
    return Q(**{f"{blog}__status__in": _STARTED}) & (is_open | _granted(OuterRef(partner), blog))


def last_change_at() -> datetime | None:
    """When anything last changed that public answers over several live blogs may carry.

    None before the first of it. It never goes back: withdrawn live blogs count too, and the moments when
    embargoes took live blogs away. What is done to a live blog while it is hidden does not move it.
    """
    changed_at = known(PUBLIC).aggregate(at=Max("modified_at"))["at"]
    embargoed = Change.objects.filter(kind=Change.Kind.BLOG_EMBARGOED)
    return max(filter(None, (changed_at, embargoed.aggregate(at=Max("at"))["at"])), default=None)


# What stands in live blogs


def limited(user: AbstractBaseUser, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of `rows` that a member of the staff may read, of any model that belongs to live blogs."""
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


def can_read_row(user: AbstractBaseUser, row: Model) -> bool:
    """Whether a member of the staff may read one row of any model that `limited` takes."""
    return limited(user, type(row)._base_manager.filter(pk=row.pk)).exists()


def readable_updates(viewer: Viewer) -> UpdateQuerySet:
    """The updates that `viewer` may read; outside the staff those that pages show, with their tombstones."""
    if _is_staff(viewer):
        return limited(viewer, Update.objects.all())
    return Update.objects.visible().filter(blog__in=readable(viewer))


def readable_stories(viewer: Viewer) -> RelatedStoryQuerySet:
    """The related stories that `viewer` may read; `home` is the id of the live blog that each stands in."""
    rows = RelatedStory.objects.annotate(home=Coalesce("blog_id", "update__blog_id"))
    if _is_staff(viewer):
        return limited(viewer, rows)
    return rows.filter(
        Q(update__isnull=True) | Q(update__status=Update.Status.PUBLISHED),
        Q(live_blog__isnull=True) | Q(live_blog__in=known(PUBLIC)),
        home__in=readable(viewer).values("pk"),
    )


def readable_responses(viewer: Viewer) -> QuerySet[ReaderResponse]:
    """Readers' responses that `viewer` may read; outside the staff the approved ones."""
    if _is_staff(viewer):
        return limited(viewer, ReaderResponse.objects.all())
    return ReaderResponse.objects.filter(
        status=ReaderResponse.Status.APPROVED, blog__has_responses=True, blog__in=readable(viewer)
    )


def readable_topics(viewer: Viewer) -> QuerySet[Topic]:
    """The topics that `viewer` may know of: outside the staff those that a live blog shows, or showed."""
    if _is_staff(viewer):
        return Topic.objects.all()
    filed = LiveBlog.topics.through.objects.filter(topic=OuterRef("pk"), liveblog__in=known(viewer))
    return Topic.objects.filter(Exists(filed))


def readable_images(viewer: Viewer) -> QuerySet[Image]:
    """The pictures that `viewer` may see; outside the staff those that a page shows now.

    The staff see pictures in live blogs that they may read, those that are public, and their own. One that
    nothing shows yet belongs to the live blog that it was uploaded for, or else to everybody.
    """
    blogs = readable(viewer).values("pk")
    shown = Q(hero_of__in=blogs) | Q(updates__status=Update.Status.PUBLISHED, updates__blog__in=blogs)
    if not _is_staff(viewer):
        return Image.objects.filter(shown).distinct()
    if reads_all(viewer):
        return Image.objects.all()
    used = Q(hero_of__in=blogs) | Q(updates__blog__in=blogs)
    is_unused = Q(hero_of__isnull=True, updates__isnull=True)
    unused = is_unused & (Q(uploaded_for__isnull=True) | Q(uploaded_for__in=blogs))
    public = Q(pk__in=readable_images(PUBLIC).values("pk"))
    return Image.objects.filter(used | unused | public | Q(created_by=viewer.pk)).distinct()


def shown_stories(stories: Iterable[RelatedStory]) -> list[RelatedStory]:
    """Those of `stories` that may be printed, wherever they stand.

    The title of one that leads to a draft or an embargoed live blog is as a rule that live blog's headline.
    """
    return [story for story in stories if story.live_blog is None or can_know(PUBLIC, story.live_blog)]


def href_of(story: RelatedStory) -> str:
    """Where a related story leads readers: empty while unresolved, or while its live blog is not public."""
    if story.live_blog is None:
        return story.url
    return story.live_blog.get_absolute_url() if can_read(PUBLIC, story.live_blog) else ""


def readable_content(user: AbstractBaseUser, content: dict[str, Any]) -> dict[str, Any]:
    """What a revision kept, without the addresses of other live blogs that `user` may not know of."""
    stories = content.get("stories", [])
    ids = [story["live_blog"]["id"] for story in stories if story["live_blog"]]
    shown = set(linkable(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    return content | {
        "stories": [
            story | {"live_blog": None}
            if story["live_blog"] and story["live_blog"]["id"] not in shown
            else story
            for story in stories
        ]
    }


def readable_actions(user: AbstractBaseUser, count: int) -> list[LogEntry]:
    """The last actions of a member of the staff in the admin, as far as they may still read the rows."""
    entries = list(LogEntry.objects.filter(user=user.pk).select_related("content_type")[: 10 * count])
    ids = defaultdict(set)
    for entry in entries:
        ids[entry.content_type].add(entry.object_id)
    hidden = set()
    for content_type, objects in ids.items():
        model = content_type.model_class() if content_type else None
        if model in _BLOGS_OF or model is Image:
            rows = limited(user, model.objects.filter(pk__in=objects))
            shown = set(map(str, rows.values_list("pk", flat=True)))
            hidden |= {(content_type, pk) for pk in objects - shown}
    return [entry for entry in entries if (entry.content_type, entry.object_id) not in hidden][:count]


# Viewers


def _is_staff(viewer: Viewer) -> bool:
    return isinstance(viewer, AbstractBaseUser) and viewer.is_active and getattr(viewer, "is_staff", False)


def _in_team(user: AbstractBaseUser) -> Q:
    team = LiveBlog.team.through.objects.filter(liveblog=OuterRef("pk"))
    return ~Q(Exists(team)) | Q(Exists(team.filter(user=user.pk)))


def _partner_under_embargo(viewer: Viewer) -> Partner | None:
    """Whose grants open embargoed live blogs to `viewer`; None: none are open to it."""
    if isinstance(viewer, Webhook):
        return viewer.partner
    if isinstance(viewer, ApiKey):
        return viewer.partner if Scope.READ_EMBARGOED in viewer.scopes else None
    return viewer if isinstance(viewer, Partner) else None


def _granted(partner: Any, blog: str) -> Q:
    granted = Partner.granted_blogs.through.objects.filter(partner=partner, liveblog=OuterRef(blog))
    return Q(Exists(granted))
