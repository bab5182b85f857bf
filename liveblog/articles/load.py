"""Loading of an article into a live blog through the publishing verbs, saving only what the copy changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from liveblog import publishing
from liveblog.articles.article import Article, ArticleError
from liveblog.articles.plan import Order, Plan, Saving, Step, make_plan
from liveblog.articles.report import Outcome, Report
from liveblog.articles.unresolved import unresolved, unresolved_after
from liveblog.models import LiveBlog, Update
from liveblog.publishing.log import locked
from liveblog.publishing.permissions import Actor


def load(
    article: Article,
    *,
    by: Actor,
    slug: str = "",
    publish: bool = False,
    note: str = "",
    withdraw_missing: bool = False,
    keep_head: bool = False,
    dry_run: bool = False,
) -> Report:
    """Create a live blog from an article, or update the blog at `slug` from it.

    New updates become drafts unless `publish`. A change to a published update is a minor edit, or a
    correction if there is a `note`. `keep_head` leaves the blog's own details (title, standfirst, start) as
    they are.

    Raise ArticleError, with the line, for content that cannot be saved; ValidationError for a withdrawn blog
    or a note that is too long; PermissionDenied. Nothing is saved if this raises, nor on a dry run, which
    neither writes nor locks.
    """
    order = Order(article, by, slug, publish, note, withdraw_missing, keep_head)
    blog = LiveBlog.objects.filter(slug=slug).first() if slug else None
    if dry_run:
        return _rehearse(_plan(order, blog))
    with transaction.atomic(), nullcontext() if blog is None else locked(blog) as locked_blog:
        return _carry_out(_plan(order, locked_blog))


def _plan(order: Order, blog: LiveBlog | None) -> Plan:
    if blog is not None and blog.status == LiveBlog.Status.WITHDRAWN:
        raise ValidationError(_("This live blog was withdrawn: nothing can be imported into it."))
    return make_plan(replace(order, note=publishing.checked_note(order.note)), blog)


@contextmanager
def _blamed_on(line: int) -> Iterator[None]:
    """Convert a verb's ValidationError into an ArticleError for `line`."""
    try:
        yield
    except ValidationError as error:
        raise ArticleError(line, " ".join(error.messages)) from error


# Dry run


def _rehearse(plan: Plan) -> Report:
    """Report what the verbs would do, and raise the errors that they would raise."""
    order = plan.order
    for permission in sorted(_permissions(plan)):
        publishing.require(order.by, permission, plan.blog)
    if plan.head.details is not None:
        with _blamed_on(1):
            publishing.check_details(plan.head.details, plan.blog)
    written_in = plan.blog.language if plan.blog else order.article.language
    # Oldest first, as in `_carry_out`, so that with several errors both raise the same one.
    for step in reversed(plan.steps):
        if step.content is not None:
            with _blamed_on(step.entry.line):
                step.content.checked(written_in, may_be_empty=step.saving is Saving.DRAFT)
    language = order.article.language
    return Report(
        slug=plan.target.slug,
        is_new=plan.blog is None,
        is_dry_run=True,
        status=plan.status,
        head_changes=plan.head.changes,
        outcomes=(*(step.outcome(language) for step in plan.steps), *_outcomes_of_missing(plan)),
        unresolved=tuple(unresolved_after(plan)),
        notes=plan.notes,
        is_of_another_story=plan.is_of_another_story,
    )


def _permissions(plan: Plan) -> set[str]:
    """Return the permissions that the verbs require, without duplicates: each check may query a team."""
    permissions = set()
    if plan.head.details is not None:
        permissions.add("add_liveblog" if plan.blog is None else "change_liveblog")
    for step in plan.steps:
        if step.saving is Saving.DRAFT:
            permissions.add(publishing.permission_to_write(plan.order.by, step.update))
        elif step.saving is not Saving.NOTHING:
            permissions.add("publish_update")
    if any(missing.is_withdrawn for missing in plan.missing):
        permissions.add("withdraw_update")
    if plan.starts or plan.ends_at:
        permissions.add("run_coverage")
    return permissions


# Saving through the verbs


def _carry_out(plan: Plan) -> Report:
    order, head = plan.order, plan.head
    blog = plan.blog
    if head.details is not None:
        with _blamed_on(1):
            if blog is None:
                blog = publishing.create_blog(head.details, by=order.by, imported_hash=head.imported_hash)
            else:
                blog = publishing.edit_blog(blog, head.details, by=order.by, imported_hash=head.imported_hash)
    # A plan without a live blog has the details of the one that was just created.
    assert blog is not None
    outcomes = []
    # Oldest first: of two updates with the same moment, the one saved later is shown above the other.
    for step in reversed(plan.steps):
        with _blamed_on(step.entry.line):
            update = _save(order, blog, step)
        outcomes.append(step.outcome(order.article.language, update.pk if update else None))
    for missing in plan.missing:
        if missing.is_withdrawn:
            reason = _("No longer in the running copy.")
            publishing.withdraw_update(missing.update, by=order.by, reason=reason)
    if plan.starts:
        with _blamed_on(1):
            blog = publishing.start_coverage(blog, by=order.by, at=order.article.published_at)
    if plan.ends_at:
        publishing.end_coverage(blog, by=order.by, at=plan.ends_at)
    blog.refresh_from_db()
    return Report(
        slug=blog.slug,
        is_new=plan.blog is None,
        is_dry_run=False,
        status=blog.status,
        head_changes=head.changes,
        outcomes=(*reversed(outcomes), *_outcomes_of_missing(plan)),
        unresolved=tuple(unresolved(blog)),
        notes=plan.notes,
        is_of_another_story=plan.is_of_another_story,
    )


def _outcomes_of_missing(plan: Plan) -> list[Outcome]:
    return [missing.outcome for missing in plan.missing]


def _save(order: Order, blog: LiveBlog, step: Step) -> Update | None:
    content, update, by = step.content, step.update, order.by
    if content is None:
        return update
    match step.saving:
        case Saving.DRAFT:
            return publishing.draft_update(blog, content, by=by, update=update, imported_hash=step.digest)
        case Saving.PUBLISH:
            return publishing.publish_update(
                blog,
                content,
                by=by,
                update=update,
                first_published_at=content.happened_at,
                imported_hash=step.digest,
            )
        case Saving.CORRECT if update is not None:
            return publishing.correct_update(
                update, content, by=by, note=order.note, imported_hash=step.digest
            )
        case Saving.EDIT if update is not None:
            return publishing.edit_update(update, content, by=by, imported_hash=step.digest)
    return update
