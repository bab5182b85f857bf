"""An Article into a live blog through the publishing verbs; newer copy changes only what changed."""

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
    """Make a live blog of an article, or bring the blog at `slug` up to it.

    New updates become drafts unless `publish`. A changed update is a minor edit, with `note` a correction.
    `keep_head` leaves what the blog says of itself (title, standfirst, start) as it is.
    Raises ArticleError for what cannot be saved, with its line; ValidationError for a blog that takes
    nothing; PermissionDenied. Then, and on a dry run, nothing is saved. A dry run neither writes nor locks.
    """
    order = Order(article, by, slug, publish, note, withdraw_missing, keep_head)
    blog = LiveBlog.objects.filter(slug=slug).first() if slug else None
    if dry_run:
        return _rehearse(_plan(order, blog))
    with transaction.atomic(), nullcontext() if blog is None else locked(blog) as fresh:
        return _carry_out(_plan(order, fresh))


def _plan(order: Order, blog: LiveBlog | None) -> Plan:
    if blog is not None and blog.status == LiveBlog.Status.WITHDRAWN:
        raise ValidationError(_("This live blog was withdrawn: nothing can be imported into it."))
    return make_plan(replace(order, note=publishing.checked_note(order.note)), blog)


@contextmanager
def _blamed_on(line: int) -> Iterator[None]:
    """What a verb refuses, as an error of the line that asked for it."""
    try:
        yield
    except ValidationError as error:
        raise ArticleError(line, " ".join(error.messages)) from error


# Without writing


def _rehearse(plan: Plan) -> Report:
    """Report what the verbs would do. Raise what they would refuse."""
    order = plan.order
    for permission in sorted(_permissions(plan)):
        publishing.require(order.by, permission, plan.blog)
    if plan.head.details is not None:
        with _blamed_on(1):
            publishing.check_details(plan.head.details, plan.blog)
    written_in = plan.blog.language if plan.blog else order.article.language
    # The oldest first, as they are saved: of two errors both ways name the same.
    for step in reversed(plan.steps):
        if step.content is not None:
            with _blamed_on(step.entry.line):
                step.content.checked(written_in, may_be_empty=step.saving is Saving.DRAFT)
    language = order.article.language
    return Report(
        slug=plan.blog.slug if plan.blog else plan.head.details.slug,
        is_new=plan.blog is None,
        is_dry_run=True,
        status=plan.status,
        head_changes=plan.head.changes,
        outcomes=(*(step.outcome(language) for step in plan.steps), *_outcomes_of_missing(plan)),
        unresolved=tuple(unresolved_after(plan)),
        notes=plan.notes,
    )


def _permissions(plan: Plan) -> set[str]:
    """What the verbs ask for, each once: a team is not to be read for every update."""
    needed = set()
    if plan.head.details is not None:
        needed.add("add_liveblog" if plan.blog is None else "change_liveblog")
    for step in plan.steps:
        if step.saving is Saving.DRAFT:
            needed.add(publishing.permission_to_write(plan.order.by, step.update))
        elif step.saving is not Saving.NOTHING:
            needed.add("publish_update")
    if any(missing.is_withdrawn for missing in plan.missing):
        needed.add("withdraw_update")
    if plan.starts or plan.ends_at:
        needed.add("run_coverage")
    return needed


# By the verbs


def _carry_out(plan: Plan) -> Report:
    order, head = plan.order, plan.head
    blog = plan.blog
    if head.details is not None:
        with _blamed_on(1):
            if blog is None:
                blog = publishing.create_blog(head.details, by=order.by, imported_hash=head.imported_hash)
            else:
                blog = publishing.edit_blog(blog, head.details, by=order.by, imported_hash=head.imported_hash)
    outcomes = []
    # The oldest first: of two updates of one moment the later saved stands above.
    for step in reversed(plan.steps):
        with _blamed_on(step.entry.line):
            update = _save(order, blog, step)
        outcomes.append(step.outcome(order.article.language, update.pk if update else None))
    for missing in plan.missing:
        if missing.is_withdrawn:
            reason = _("No longer in the running copy.")
            publishing.withdraw_update(missing.update, by=order.by, reason=reason)
    if plan.starts:
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
    )


def _outcomes_of_missing(plan: Plan) -> list[Outcome]:
    return [missing.outcome for missing in plan.missing]


def _save(order: Order, blog: LiveBlog, step: Step) -> Update | None:
    content, by = step.content, order.by
    match step.saving:
        case Saving.DRAFT:
            return publishing.draft_update(
                blog, content, by=by, update=step.update, imported_hash=step.digest
            )
        case Saving.PUBLISH:
            return publishing.publish_update(
                blog,
                content,
                by=by,
                update=step.update,
                first_published_at=content.happened_at,
                imported_hash=step.digest,
            )
        case Saving.CORRECT:
            return publishing.correct_update(
                step.update, content, by=by, note=order.note, imported_hash=step.digest
            )
        case Saving.EDIT:
            return publishing.edit_update(step.update, content, by=by, imported_hash=step.digest)
    return step.update
