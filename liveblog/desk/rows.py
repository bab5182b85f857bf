"""The timeline as the desk shows it: what each update is, and what the person at the desk may do with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.template.loader import render_to_string

from liveblog import audience
from liveblog.models import LiveBlog, Update

PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class May:
    """What somebody may do on a desk."""

    write: bool
    rewrite: bool
    publish: bool
    withdraw: bool
    moderate: bool
    upload: bool
    run: bool

    @classmethod
    def of(cls, user: AbstractBaseUser) -> May:
        def has(name: str) -> bool:
            return user.has_perm(f"liveblog.{name}")

        return cls(
            write=has("add_update"),
            rewrite=has("change_update"),
            publish=has("publish_update"),
            withdraw=has("withdraw_update"),
            moderate=has("moderate_readerresponse"),
            upload=has("add_image"),
            run=has("run_coverage"),
        )


def may_open(may: May, user: AbstractBaseUser, update: Update) -> bool:
    """Whether the composer opens `update` for `user`: text that is public for those who publish, drafts for
    their author and for those who may rewrite others'."""
    if update.is_withdrawn:
        return False
    if update.is_published:
        return may.publish
    if update.status == Update.Status.SCHEDULED and not may.publish:
        return False
    return may.rewrite or (may.write and update.is_by(user))


def timeline(blog: LiveBlog, before: Update | None = None) -> tuple[list[Update], bool]:
    """A page of the visible updates, newest first, and whether there are older ones."""
    rows = Update.objects.filter(blog=blog).visible().newest_first().complete().select_related("created_by")
    if before:
        rows = rows.older_than(before)
    found = list(rows[: PAGE_SIZE + 1])
    for update in found:
        update.blog = blog
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def with_reach(blog: LiveBlog, updates: Iterable[Update]) -> list[tuple[Update, int | None]]:
    """Each update with the number of open pages that it was streamed to, where that is known."""
    updates = list(updates)
    reached = audience.reach_of(blog, updates)
    return [(update, reached.get(update.pk)) for update in updates]


def row_html(request: HttpRequest, blog: LiveBlog, update: Update, reach: int | None) -> str:
    context = {"blog": blog, "update": update, "reach": reach, "may": May.of(request.user)}
    return render_to_string("desk/_row.html", context, request)
