"""Factories that create test data through the publishing verbs, and clients that are signed in."""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import count

from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image as Picture

from liveblog import publishing
from liveblog.models import (
    Byline,
    Change,
    Image,
    LiveBlog,
    Partner,
    Revision,
    SearchEntry,
    Topic,
    Update,
    WebhookCursor,
)
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story, renditions
from newsroom import hongkong, pictures

_serial = count(1)

PASSWORD = "correct horse battery"
NOON = datetime(2026, 3, 19, 12, 0, tzinfo=hongkong.ZONE)
# Columns of the permission matrices: people by name with their roles, and the members of the team.
ROLES = {
    "reporter": ["Reporter"],
    "editor": ["Editor"],
    "outsider": ["Editor"],
    "chief": ["Chief editor"],
    "syndication": ["Syndication manager"],
    "nobody": [],
}
IN_TEAM = ["reporter", "editor", "syndication", "nobody"]


def make_user(*permissions: str, is_staff: bool = True) -> User:
    """Create a user with these app permissions by codename; `*` grants all of them."""
    user = User.objects.create_user(f"user-{next(_serial)}", password=PASSWORD, is_staff=is_staff)
    known = Permission.objects.filter(content_type__app_label="liveblog")
    if permissions != ("*",):
        known = known.filter(codename__in=permissions)
        assert known.count() == len(permissions), permissions
    user.user_permissions.set(known)
    return User.objects.get(pk=user.pk)


def make_person(*roles: str, **fields: object) -> User:
    """Create a staff member with these roles; keyword arguments set further fields of the account."""
    person = make_user()
    person.groups.set(Group.objects.filter(name__in=roles))
    assert person.groups.count() == len(roles), roles
    User.objects.filter(pk=person.pk).update(**fields)
    return User.objects.get(pk=person.pk)


def make_staff() -> dict[str, User]:
    """Create one person for each of ROLES, by name."""
    return {name: make_person(*roles) for name, roles in ROLES.items()}


def signed_in(person: User, headers: dict[str, str] | None = None, **options: object) -> Client:
    """Return a client in English as which this person is signed in; the options are those of Client."""
    client = Client(headers={"accept-language": "en"} | (headers or {}), **options)
    client.force_login(person)
    return client


def make_blog(*, is_live: bool = True, **details: object) -> LiveBlog:
    """Create a live blog with running coverage, or a draft if `is_live` is false."""
    details = {"slug": f"blog-{next(_serial)}", "language": "zh-hant", "headline": "標題"} | details
    blog = publishing.create_blog(BlogDetails(**details), by=SYSTEM)
    return publishing.start_coverage(blog, by=SYSTEM) if is_live else blog


def make_update(blog: LiveBlog, heading: str = "消息", **content: object) -> Update:
    """Publish an update; by default its `happened_at` is noon of 19 March 2026 plus a minute per update."""
    content.setdefault("happened_at", NOON + timedelta(minutes=blog.updates.count()))
    content.setdefault("body", "<p>內文。</p>")
    return publishing.publish_update(blog, Content(heading=heading, **content), by=SYSTEM)


def edit_blog(blog: LiveBlog, **details: object) -> LiveBlog:
    """Change these details of a live blog and leave the others as they are stored."""
    stored = LiveBlog.objects.get(pk=blog.pk)
    return publishing.edit_blog(stored, replace(BlogDetails.of(stored), **details), by=SYSTEM)


def embargo(blog: LiveBlog) -> LiveBlog:
    """Hide a live blog for an hour."""
    return edit_blog(blog, embargo_until_at=timezone.now() + timedelta(hours=1))


def edit_update(update: Update, **content: object) -> Update:
    """Change this part of an update's content and leave the rest."""
    return publishing.edit_update(update, replace(Content.of(update), **content), by=SYSTEM)


def make_long_blog(slug: str, updates: int, key_events: int, **details: object) -> LiveBlog:
    """Create a live blog with many updates, one a minute until now.

    They are inserted in bulk, without the verbs, and so have no revisions. The key events are spread evenly;
    each change in the log publishes one update.
    """
    blog = make_blog(slug=slug, **details)
    end = hongkong.now().replace(microsecond=0)
    first = blog.number + 1
    every = updates // key_events
    rows = Update.objects.bulk_create(
        (
            _row_of_long_blog(blog, index, end - timedelta(minutes=updates - index), first + index, every)
            for index in range(updates)
        ),
        batch_size=500,
    )
    Change.objects.bulk_create(
        (
            Change(blog=blog, number=row.number, kind="published", update=row, at=row.first_published_at)
            for row in rows
        ),
        batch_size=500,
    )
    times = {"modified_at": end, "feed_updated_at": end}
    LiveBlog.objects.filter(pk=blog.pk).update(number=first + updates - 1, **times)
    return LiveBlog.objects.get(pk=blog.pk)


def _row_of_long_blog(blog: LiveBlog, index: int, at: datetime, number: int, every: int) -> Update:
    return Update(
        blog=blog,
        heading=f"第{index:06}則消息",
        body="<p>天文台表示，八號烈風或暴風信號會維持至明日正午，市民應留在安全地方。</p>",
        happened_at=at,
        status=Update.Status.PUBLISHED,
        first_published_at=at,
        modified_at=at,
        feed_updated_at=at,
        number=number,
        is_key_event=index % every == 0,
    )


def make_rich_blog(slug: str, updates: int) -> LiveBlog:
    """Create a live blog with everything that a page prints, in its head and in its updates."""
    other = make_blog(slug=f"{slug}-before", headline="早前消息")
    reporter, desk = (Byline.objects.get_or_create(name=name)[0] for name in ("陳大文", "港聞組"))
    weather, _is_new = Topic.objects.get_or_create(slug="weather", defaults={"name": "天氣"})
    blog = make_blog(
        slug=slug,
        kicker="風暴",
        headline="八號信號生效",
        standfirst="天文台發出八號信號。",
        summary="<p>全港學校停課。</p>",
        hero_image=make_image(),
        bylines=(reporter, desk),
        topics=(weather,),
        stories=(Story("早前消息", live_blog=other), Story("天文台", url="https://www.hko.gov.hk/")),
        has_responses=True,
    )
    rows = [
        make_update(
            blog,
            f"第{index}則消息",
            body="<p>天文台表示，八號烈風或暴風信號會維持至明日正午，市民應留在安全地方。</p>" * 3,
            bylines=(reporter,),
            is_key_event=index % 4 == 0,
            images=(make_image(),) if index % 5 == 0 else (),
            stories=(Story("早前消息", after_block=1, live_blog=other),) if index % 6 == 0 else (),
        )
        for index in range(updates)
    ]
    for row in rows[-2:]:
        content = replace(Content.of(row), source="天文台")
        publishing.correct_update(row, content, by=SYSTEM, note="早前誤植來源。")
    publishing.pin_update(rows[0], by=SYSTEM)
    blog.refresh_from_db()
    response = publishing.submit_response(blog, name="讀者", text="街上已經沒有車。")
    publishing.approve_response(response, by=SYSTEM)
    return LiveBlog.objects.get(pk=blog.pk)


def picture_file(name: str = "picture.jpg", size: tuple[int, int] = (400, 300)) -> SimpleUploadedFile:
    encoded = BytesIO()
    Picture.new("RGB", size, (180, 40, 40)).save(encoded, "JPEG")
    return SimpleUploadedFile(name, encoded.getvalue(), content_type="image/jpeg")


@cache
def prepared_picture() -> pictures.Prepared:
    """Return the decoded files of `picture_file`; decode them once, because tests only use the result."""
    context = pictures.prepare(picture_file())
    atexit.register(context.__exit__, None, None, None)
    return context.__enter__()


def make_image(**fields: object) -> Image:
    with renditions.stored(prepared_picture()) as upload:
        return publishing.add_image(upload, by=SYSTEM, **{"alt": "一幅圖"} | fields)


def make_partner(*granted_blogs: LiveBlog, **fields: object) -> Partner:
    details = {"name": f"Partner {next(_serial)}", "contact": "desk@example.com"} | fields
    partner = Partner.objects.create(**details)
    partner.granted_blogs.set(granted_blogs)
    return partner


def make_key(
    *scopes: str, blogs: Iterable[LiveBlog] = (), partner: Partner | None = None, **fields: object
) -> str:
    """Create a key and return its secret; without `partner`, create a partner who is granted `blogs`."""
    if partner is None:
        partner = make_partner(*blogs)
    _row, key = publishing.create_key(partner, by=SYSTEM, label="test", scopes=scopes, **fields)
    return key


def lose_changes(blog: LiveBlog, number: int) -> None:
    """Delete the updates published after a number, as if an older backup had been restored."""
    updates = Update.objects.filter(blog=blog, number__gt=number)
    SearchEntry.objects.filter(update__in=updates).delete()
    Revision.objects.filter(update__in=updates).delete()
    Change.objects.filter(blog=blog, number__gt=number).delete()
    updates.delete()
    LiveBlog.objects.filter(pk=blog.pk).update(number=number)
    WebhookCursor.objects.filter(blog=blog, number__gt=number).update(number=number)
