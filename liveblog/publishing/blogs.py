"""Verbs on live blogs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit, visibility
from liveblog.models import BlogProposal, Change, Image, LiveBlog, Update
from liveblog.publishing import safeguards, search
from liveblog.publishing.blog_safeguards import BlogNeedsSecondPerson, refuse_alone_on_blog, shows_more
from liveblog.publishing.details import BlogDetails, edit_fingerprint
from liveblog.publishing.limits import refuse_far, refuse_many
from liveblog.publishing.log import all_locked, append, append_unaudited, locked
from liveblog.publishing.material import announce
from liveblog.publishing.permissions import Actor, person, require
from liveblog.publishing.renditions import show_or_hide
from liveblog.publishing.rules import Stale
from liveblog.visibility import PUBLIC
from newsroom.text import languages


def create_blog(details: BlogDetails, *, by: Actor, imported_hash: str = "") -> LiveBlog:
    """Create a live blog as a draft."""
    require(by, "add_liveblog")
    with transaction.atomic():
        blog = LiveBlog(created_by=person(by), imported_hash=imported_hash)
        details.checked().write_to(blog)
        search.index_blog(blog)
        audit.record("blog_created", by=by, blog=blog, subject=blog)
        return blog


def edit_blog(
    blog: LiveBlog, details: BlogDetails, *, by: Actor, imported_hash: str | None = None, seen: str = ""
) -> LiveBlog:
    """Change a blog's details. Take no number if nothing changes.

    `seen` is the `edit_fingerprint` of the details that were opened, for optimistic locking: raise Stale if
    somebody has saved since.
    """
    require(by, "change_liveblog", blog)
    details = details.checked()
    successor_ids = {successor.pk for successor in (blog.successor, details.successor) if successor}
    with _locked_with_referrers(blog, successor_ids) as blog:
        before = BlogDetails.of(blog)
        if seen and seen != edit_fingerprint(blog):
            raise Stale
        if imported_hash is not None and imported_hash != blog.imported_hash:
            blog.imported_hash = imported_hash
            blog.save(update_fields=["imported_hash"])
        if details == before:
            return blog
        safeguards.refuse_on_hold(blog)
        _check_edit(blog, before, details)
        if shows_more(blog, before, details):
            refuse_alone_on_blog(blog, BlogProposal.Action.SAVE, by, details)
        was_public, was_known = visibility.can_read(PUBLIC, blog), visibility.can_know(PUBLIC, blog)
        details.write_to(blog)
        if search.says_otherwise(before, details):
            search.index_blog(blog)
        is_public, is_known = visibility.can_read(PUBLIC, blog), visibility.can_know(PUBLIC, blog)
        # Record the hiding under its own kind: for feeds over several blogs, `visibility.state_of` counts
        # that moment, but no later change of the hidden blog.
        is_taken_away = was_known and not is_known
        kind = Change.Kind.BLOG_EMBARGOED if is_taken_away else Change.Kind.BLOG_EDITED
        is_in_feeds = is_public != was_public or details.in_feeds() != before.in_feeds()
        audited = {"fields": details.changed_from(before)}
        append(blog, kind, timezone.now(), by=by, is_in_feeds=is_in_feeds, details=audited)
        if details.language != before.language:
            _tag_updates(blog, by=by)
        is_named_anew = (details.kicker, details.headline) != (before.kicker, before.headline)
        # Other blogs show nothing of a hidden blog, so editing it takes no number in them.
        if was_public != is_public or was_known != is_known or (is_public and is_named_anew):
            _announce_to_referrers(blog, by=by)
        if before.successor != details.successor and (was_public or is_public):
            announce(updates=Q(pk__in=[]), blogs=Q(pk__in=successor_ids), by=by)
        images = {image for image in (before.hero_image, details.hero_image) if image}
        if was_public != is_public:
            images |= _images_of(blog)
        show_or_hide(images)
        return blog


def check_details(details: BlogDetails, blog: LiveBlog | None) -> None:
    """Raise ValidationError if `edit_blog`, or `create_blog` if `blog` is None, would refuse `details`.

    Nothing is written.
    """
    details = details.checked()
    if blog is None:
        details.set_on(LiveBlog())
        return
    before = BlogDetails.of(blog)
    if details == before:
        return
    checked_edit(blog, before, details)
    if blog.needs_second_person and shows_more(blog, before, details):
        raise BlogNeedsSecondPerson


def checked_edit(blog: LiveBlog, before: BlogDetails, details: BlogDetails) -> BlogDetails:
    """Return a cleaned copy of new details. Raise ValidationError if nobody could save them."""
    details = details.checked()
    safeguards.refuse_on_hold(blog)
    _check_edit(blog, before, details)
    details.set_on(copy(blog))
    return details


def set_team(blog: LiveBlog, team: Iterable[User], *, by: Actor) -> LiveBlog:
    """Set the team of a blog; empty means everybody. It takes no number, because readers do not see it."""
    require(by, "change_liveblog", blog)
    team = set(team)
    refuse_many(team=team)
    with locked(blog) as blog:
        before = set(blog.team.values_list("pk", flat=True))
        blog.team.set(team)
        after = {member.pk for member in team}
        if before != after:
            added, removed = sorted(after - before), sorted(before - after)
            audit.record("team_changed", by=by, blog=blog, subject=blog, added=added, removed=removed)
        return blog


def start_coverage(blog: LiveBlog, *, by: Actor, at: datetime | None = None) -> LiveBlog:
    """Open a draft to readers, or resume coverage that had ended.

    `at` is when a draft's coverage began. None means its planned start if that has passed, and now otherwise.
    """
    require(by, "run_coverage", blog)
    refuse_far(coverage_start_at=at)
    with _locked_with_referrers(blog) as blog:
        if blog.status not in (LiveBlog.Status.DRAFT, LiveBlog.Status.ENDED):
            raise ValidationError(_("Only a draft or ended live blog can be started."))
        now = timezone.now()
        if at and at > now:
            raise ValidationError({"coverage_start_at": _("Coverage cannot have started in the future.")})
        is_resumed = blog.has_ended
        if not is_resumed:
            refuse_alone_on_blog(blog, BlogProposal.Action.START, by)
        blog.status = LiveBlog.Status.LIVE
        if is_resumed:
            blog.coverage_end_at = None
        else:
            planned_at = blog.coverage_start_at
            blog.coverage_start_at = at or (planned_at if planned_at and planned_at <= now else now)
            blog.first_published_at = now
        blog.full_clean()
        blog.save()
        append(blog, Change.Kind.BLOG_RESUMED if is_resumed else Change.Kind.BLOG_STARTED, now, by=by)
        if not is_resumed and visibility.can_know(PUBLIC, blog):
            _announce_to_referrers(blog, by=by)
            show_or_hide(_images_of(blog))
        return blog


def end_coverage(
    blog: LiveBlog, *, by: Actor, at: datetime | None = None, planned_by: datetime | None = None
) -> LiveBlog | None:
    """End running coverage at `at` (None: now). The page stays, and updates can still be corrected.

    With `planned_by`, return None and do nothing unless the end is still planned for that time or earlier.
    """
    require(by, "run_coverage", blog)
    refuse_far(coverage_end_at=at)
    with all_locked([blog.pk]) as rows:
        blog = rows[blog.pk]
        planned_end = blog.coverage_end_at if blog.is_live else None
        if planned_by and not (planned_end and planned_end <= planned_by):
            return None
        if not blog.is_live:
            raise ValidationError(_("This live blog is not running."))
        blog.status = LiveBlog.Status.ENDED
        blog.coverage_end_at = at or timezone.now()
        blog.full_clean()
        blog.save()
        append(blog, Change.Kind.BLOG_ENDED, timezone.now(), by=by)
        return blog


def withdraw_blog(blog: LiveBlog, *, by: Actor) -> LiveBlog:
    """Withdraw a whole live blog; its pages respond 410."""
    require(by, "run_coverage", blog)
    with _locked_with_referrers(blog) as blog:
        if blog.status not in (LiveBlog.Status.LIVE, LiveBlog.Status.ENDED):
            raise ValidationError(_("Only a published live blog can be withdrawn."))
        blog.status = LiveBlog.Status.WITHDRAWN
        blog.save(update_fields=["status"])
        append(blog, Change.Kind.BLOG_WITHDRAWN, timezone.now(), by=by)
        if visibility.can_know(PUBLIC, blog):
            _announce_to_referrers(blog, by=by)
        show_or_hide(_images_of(blog))
        return blog


def restore_blog(blog: LiveBlog, *, by: Actor) -> LiveBlog:
    """Restore a withdrawn live blog: running, or ended if its coverage had ended."""
    require(by, "run_coverage", blog)
    with _locked_with_referrers(blog) as blog:
        if blog.status != LiveBlog.Status.WITHDRAWN:
            raise ValidationError(_("Only a withdrawn live blog can be restored."))
        refuse_alone_on_blog(blog, BlogProposal.Action.RESTORE, by)
        now = timezone.now()
        has_ended = blog.coverage_end_at is not None and blog.coverage_end_at <= now
        blog.status = LiveBlog.Status.ENDED if has_ended else LiveBlog.Status.LIVE
        blog.save(update_fields=["status"])
        append(blog, Change.Kind.BLOG_RESTORED, now, by=by)
        if visibility.can_know(PUBLIC, blog):
            _announce_to_referrers(blog, by=by)
        show_or_hide(_images_of(blog))
        return blog


def lift_embargo(blog: LiveBlog, *, by: Actor, lapsed_by: datetime | None = None) -> LiveBlog | None:
    """Lift a blog's embargo now.

    With `lapsed_by`, return None and do nothing unless the embargo still ends at that time or earlier.
    """
    require(by, "run_coverage", blog)
    with _locked_with_referrers(blog) as blog:
        if lapsed_by and not (blog.embargo_until_at and blog.embargo_until_at <= lapsed_by):
            return None
        if blog.embargo_until_at is None:
            raise ValidationError(_("This live blog is not under embargo."))
        if lapsed_by is None or blog.embargo_until_at > timezone.now():
            refuse_alone_on_blog(blog, BlogProposal.Action.LIFT, by)
        blog.embargo_until_at = None
        blog.save(update_fields=["embargo_until_at"])
        append(blog, Change.Kind.EMBARGO_LIFTED, timezone.now(), by=by)
        if visibility.can_know(PUBLIC, blog):
            _announce_to_referrers(blog, by=by)
        show_or_hide(_images_of(blog))
        return blog


def _tag_updates(blog: LiveBlog, *, by: Actor) -> None:
    """Tag the passages of all updates for the locked blog's new language.

    Each published update whose tags change takes a number.
    """
    now = timezone.now()
    # Load one update at a time: the texts of a long blog do not fit into memory together.
    for pk in list(blog.updates.order_by("pk").values_list("pk", flat=True)):
        update = blog.updates.get(pk=pk)
        body = languages.tag_passages(update.body, blog.language)
        if body == update.body:
            continue
        update.body = body
        update.save(update_fields=["body"])
        if update.is_published:
            append_unaudited(blog, Change.Kind.EDITED, now, update, by=by)


def _check_edit(blog: LiveBlog, before: BlogDetails, details: BlogDetails) -> None:
    if blog.first_published_at and details.slug != before.slug:
        raise ValidationError(
            {"slug": _("The page has been published at this address, so the address can no longer change.")}
        )
    _check_times(blog, details)


def _check_times(blog: LiveBlog, details: BlogDetails) -> None:
    now = timezone.now()
    if blog.first_published_at and details.coverage_start_at and details.coverage_start_at > now:
        raise ValidationError(
            {"coverage_start_at": _("Coverage has started: this time cannot be in the future.")}
        )
    if blog.is_live and details.coverage_end_at and details.coverage_end_at <= now:
        raise ValidationError({"coverage_end_at": _("This time has passed. End the coverage instead.")})
    if blog.has_ended and details.coverage_end_at and details.coverage_end_at > now:
        raise ValidationError(
            {"coverage_end_at": _("Coverage has ended: this time cannot be in the future.")}
        )
    if details.embargo_until_at and details.embargo_until_at <= now:
        raise ValidationError({"embargo_until_at": _("This time has passed. Leave it empty for no embargo.")})


def _images_of(blog: LiveBlog) -> set[Image]:
    return set(Image.objects.filter(Q(updates__blog=blog) | Q(hero_of=blog)))


def _referring(blog: LiveBlog) -> tuple[Q, Q]:
    """Return conditions for the updates and the blogs that print a link to `blog`."""
    updates = Q(related_stories__live_blog=blog) & ~Q(blog=blog)
    blogs = Q(related_stories__live_blog=blog) | Q(successor=blog) | Q(predecessor=blog)
    return updates, blogs & ~Q(pk=blog.pk)


@contextmanager
def _locked_with_referrers(blog: LiveBlog, other_ids: Iterable[int] = ()) -> Iterator[LiveBlog]:
    """Lock a blog, the blogs that link to it and `other_ids`, in id order so that verbs cannot deadlock.

    Yield the blog as read under its lock.
    """
    updates, blogs = _referring(blog)
    with transaction.atomic():
        ids = set(LiveBlog.objects.filter(blogs).values_list("pk", flat=True))
        ids |= set(Update.objects.filter(updates).values_list("blog_id", flat=True))
        with all_locked(ids | {blog.pk, *other_ids}) as rows:
            yield rows[blog.pk]


def _announce_to_referrers(blog: LiveBlog, *, by: Actor) -> None:
    updates, blogs = _referring(blog)
    announce(updates=updates, blogs=blogs, by=by)
