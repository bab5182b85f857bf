"""An Article into a live blog through the publishing verbs; newer copy changes only what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from liveblog import publishing
from liveblog.articles.article import Article, ArticleError, Entry
from liveblog.articles.match import Known, Matching, match
from liveblog.articles.place import Slot, place
from liveblog.articles.report import Action, HeadChange, Outcome, Report, unresolved
from liveblog.articles.saved import digest, entry_of, html_of, is_as_imported, standfirst_text, stories_of
from liveblog.articles.write import name_of
from liveblog.models import LiveBlog, Update
from liveblog.publishing import BlogDetails, Content, Story
from liveblog.publishing.log import Actor, locked
from newsroom import hongkong

_MAX_SLUG: Final = 80


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
    nothing; PermissionDenied. Then, and on a dry run, nothing is saved.
    """
    blog = LiveBlog.objects.filter(slug=slug).first() if slug else None
    with transaction.atomic():
        if blog is None:
            run = _Run(article, _created(article, slug, by), by, publish, note, withdraw_missing)
        else:
            with locked(blog) as blog:
                if blog.status == LiveBlog.Status.WITHDRAWN:
                    raise ValidationError(_("This live blog was withdrawn: nothing can be imported into it."))
                run = _Run(article, blog, by, publish, note, withdraw_missing)
                if not keep_head:
                    run.bring_head_up_to_date()
        run.bring_updates_up_to_date()
        run.start_or_end()
        run.blog.refresh_from_db()
        report = Report(
            slug=run.blog.slug,
            is_new=blog is None,
            is_dry_run=dry_run,
            status=run.blog.status,
            head_changes=tuple(run.head_changes),
            outcomes=tuple(run.outcomes),
            unresolved=tuple(unresolved(run.blog)),
            notes=tuple(run.notes),
        )
        transaction.set_rollback(dry_run)
    return report


def _created(article: Article, slug: str, by: Actor) -> LiveBlog:
    standfirst, stories = standfirst_text(article.standfirst)
    details = BlogDetails(
        slug=slug or _free_slug(article),
        language=article.language,
        headline=article.headline,
        kicker=article.kicker,
        standfirst=standfirst,
        coverage_start_at=article.published_at,
        coverage_end_at=None if article.is_running else _newest_minute(article),
        stories=stories,
        has_responses=article.has_responses,
    )
    with _blamed_on(1):
        return publishing.create_blog(details, by=by, imported_hash=_head_digest(details))


def _newest_minute(article: Article) -> datetime:
    """The latest time that the article gives, for the end of its coverage."""
    timed = [hongkong.at(entry.day, entry.clock) for entry in article.entries if entry.clock]
    return max([article.published_at, *timed])


def _free_slug(article: Article) -> str:
    """From the ASCII words of the title, if they are words and not just a number or an abbreviation."""
    words = slugify(f"{article.kicker} {article.headline}").split("-")
    stem = ""
    if sum(len(word) > 2 and word.isalpha() for word in words) >= 2:
        for word in words:
            stem = f"{stem}-{word}".strip("-") if len(stem) + len(word) < _MAX_SLUG else stem
    stem = stem or f"live-{article.published_at:%Y-%m-%d}"
    taken = set(LiveBlog.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    candidates = (f"{stem}-{count}" for count in range(2, len(taken) + 3))
    return stem if stem not in taken else next(slug for slug in candidates if slug not in taken)


@contextmanager
def _blamed_on(line: int) -> Iterator[None]:
    """What a verb refuses, as an error of the line that asked for it."""
    try:
        yield
    except ValidationError as error:
        raise ArticleError(line, " ".join(error.messages)) from error


@dataclass
class _Run:
    """One loading: the article, the blog, and what became of each."""

    article: Article
    blog: LiveBlog
    by: Actor
    publish: bool
    note: str
    withdraw_missing: bool
    head_changes: list[HeadChange] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def bring_head_up_to_date(self) -> None:
        """Title, publication time and standfirst, if the copy changed them. The language stays.

        Where the desk has changed them too, that is a conflict, and the desk's are kept.
        """
        if self.article.language != self.blog.language:
            languages = {"copy": self.article.language, "blog": self.blog.language}
            self.notes.append(_("The copy reads as %(copy)s, the live blog is in %(blog)s.") % languages)
        saved = BlogDetails.of(self.blog)
        standfirst, stories = standfirst_text(self.article.standfirst)
        details = replace(
            saved,
            kicker=self.article.kicker,
            headline=self.article.headline,
            standfirst=standfirst,
            stories=_with_addresses(stories, saved.stories),
        )
        if saved.coverage_start_at is None or _minute(saved.coverage_start_at) != self.article.published_at:
            details = replace(details, coverage_start_at=self.article.published_at)
        if self.blog.status == LiveBlog.Status.DRAFT and self.article.is_running != (
            saved.coverage_end_at is None
        ):
            end = None if self.article.is_running else _newest_minute(self.article)
            details = replace(details, coverage_end_at=end)
        copied, known = _head_digest(details), self.blog.imported_hash
        if copied == known and details.coverage_end_at == saved.coverage_end_at:
            return
        is_conflict = bool(known) and _head_digest(saved) != known
        for what, name in _head_fields():
            before, after = getattr(saved, name), getattr(details, name)
            if before != after:
                self.head_changes.append(HeadChange(what, _shown(before), _shown(after), is_conflict))
        if not is_conflict:
            with _blamed_on(1):
                self.blog = publishing.edit_blog(self.blog, details, by=self.by, imported_hash=copied)

    def bring_updates_up_to_date(self) -> None:
        entries, digests = self.article.entries, [digest(entry) for entry in self.article.entries]
        saved = list(_candidates(self.blog))
        known = [Known(entry_of(update), update.imported_hash, update.is_erased) for update in saved]
        matching = match(entries, digests, known)
        plans = [
            _plan(entry, digests[index], saved[matching.pairs[index]] if index in matching.pairs else None)
            for index, entry in enumerate(entries)
        ]
        for index in matching.unsure_copy:
            plans[index] = replace(plans[index], action=Action.AMBIGUOUS)
        slots = [plan.slot for plan in plans]
        moments = place(_ordering(plans, slots), self.article.published_at)
        outcomes = []
        # The oldest first: of two updates of one moment the later saved stands above.
        for plan, moment in zip(reversed(plans), reversed(_own(plans, moments)), strict=True):
            with _blamed_on(plan.entry.line):
                outcomes.append(self._carry_out(plan, moment))
        self.outcomes += reversed(outcomes)
        self._report_vanished(saved, matching)

    def _carry_out(self, plan: _Plan, moment: datetime | None) -> Outcome:
        about = name_of(plan.entry, self.article.language)
        update = plan.update
        action = plan.action
        if action is Action.ADDED:
            update = self._save(plan, Content(), moment, None)
        elif action is Action.CHANGED:
            self._save(plan, Content.of(update), moment, update)
        elif action is Action.UNCHANGED:
            action = self._settle(plan, update)
        return Outcome(action, about, plan.entry.line, update.pk if update else None)

    def _save(self, plan: _Plan, before: Content, moment: datetime, update: Update | None) -> Update:
        content = replace(
            before,
            heading=plan.entry.heading,
            body=html_of(plan.entry.blocks),
            happened_at=moment,
            has_clock_time=plan.entry.clock is not None,
            stories=_with_addresses(stories_of(plan.entry.blocks), before.stories),
        )
        if update is not None and update.is_published:
            return self._revise(update, content, plan.digest)
        if self.publish:
            return publishing.publish_update(
                self.blog,
                content,
                by=self.by,
                update=update,
                first_published_at=moment,
                imported_hash=plan.digest,
            )
        return publishing.draft_update(
            self.blog, content, by=self.by, update=update, imported_hash=plan.digest
        )

    def _revise(self, update: Update, content: Content, digest: str) -> Update:
        if self.note:
            return publishing.correct_update(
                update, content, by=self.by, note=self.note, imported_hash=digest
            )
        return publishing.edit_update(update, content, by=self.by, imported_hash=digest)

    def _settle(self, plan: _Plan, update: Update) -> Action:
        """What is left to do for an update that says what the copy says: publish it, learn its links."""
        content = Content.of(update)
        stories = _with_addresses(content.stories, stories_of(plan.entry.blocks))
        if self.publish and update.status == Update.Status.DRAFT and update.imported_hash:
            publishing.publish_update(
                self.blog,
                replace(content, stories=stories),
                by=self.by,
                update=update,
                first_published_at=content.happened_at,
                imported_hash=plan.digest,
            )
            return Action.PUBLISHED
        if update.is_published and (stories != content.stories or plan.is_known_anew):
            publishing.edit_update(
                update, replace(content, stories=stories), by=self.by, imported_hash=plan.digest
            )
        return Action.UNCHANGED if stories == content.stories else Action.CHANGED

    def _report_vanished(self, saved: Sequence[Update], matching: Matching) -> None:
        for index, update in enumerate(saved):
            if index in matching.pairs.values() or not update.imported_hash or update.is_withdrawn:
                continue
            about = name_of(entry_of(update), self.article.language)
            if index in matching.unsure_saved:
                self.outcomes.append(Outcome(Action.AMBIGUOUS, about, None, update.pk))
                continue
            action = Action.VANISHED
            if self.withdraw_missing and update.is_published:
                publishing.withdraw_update(update, by=self.by, reason=_("No longer in the running copy."))
                action = Action.WITHDRAWN
            self.outcomes.append(Outcome(action, about, None, update.pk))

    def start_or_end(self) -> None:
        """Let coverage start, and end where the title has no running mark."""
        if not self.publish:
            return
        if self.blog.status == LiveBlog.Status.DRAFT:
            self.blog = publishing.start_coverage(self.blog, by=self.by, at=self.article.published_at)
        elif self.blog.has_ended and self.article.is_running:
            self.notes.append(_("The copy says that coverage runs; here it has ended and stays so."))
        if self.blog.is_live and not self.article.is_running:
            self.blog = publishing.end_coverage(self.blog, by=self.by, at=_newest_minute(self.article))


@dataclass(frozen=True)
class _Plan:
    """What is to become of an entry, decided before anything is written."""

    entry: Entry
    digest: str
    action: Action
    update: Update | None = None
    is_known_anew: bool = False

    @property
    def slot(self) -> Slot:
        """Where it stands; an update whose time the copy does not change stays where it is."""
        moment = None
        if self.update is not None:
            saved = entry_of(self.update)
            is_moved = (saved.day, saved.clock) != (self.entry.day, self.entry.clock)
            moment = None if self.action is Action.CHANGED and is_moved else self.update.happened_at
        return Slot(self.entry.day, self.entry.clock, moment)


def _plan(entry: Entry, new_digest: str, update: Update | None) -> _Plan:
    if update is None:
        return _Plan(entry, new_digest, Action.ADDED)
    if update.is_withdrawn:
        return _Plan(entry, new_digest, Action.STAYS_WITHDRAWN, update)
    if update.imported_hash == new_digest:
        return _Plan(entry, new_digest, Action.UNCHANGED, update)
    if digest(entry_of(update)) == new_digest:
        return _Plan(entry, new_digest, Action.UNCHANGED, update, is_known_anew=True)
    is_queued = update.status in (Update.Status.SUBMITTED, Update.Status.SCHEDULED)
    if is_as_imported(update) and not is_queued:
        return _Plan(entry, new_digest, Action.CHANGED, update)
    return _Plan(entry, new_digest, Action.CONFLICT, update)


def _candidates(blog: LiveBlog) -> Iterator[Update]:
    """What copy may be matched to, newest first: all that was imported, and what the desk has published."""
    for update in blog.updates.complete().newest_first():
        if update.imported_hash or update.is_visible:
            yield update


def _ordering(plans: Sequence[_Plan], slots: Sequence[Slot]) -> list[Slot]:
    """The slots that take part in ordering: what stays ambiguous has no place yet and gets none."""
    return [slot for plan, slot in zip(plans, slots, strict=True) if plan.action is not Action.AMBIGUOUS]


def _own(plans: Sequence[_Plan], moments: Sequence[datetime]) -> list[datetime | None]:
    """The moments, one for each plan; None for what stays ambiguous."""
    following = iter(moments)
    return [None if plan.action is Action.AMBIGUOUS else next(following) for plan in plans]


def _with_addresses(stories: Sequence[Story], known: Sequence[Story]) -> tuple[Story, ...]:
    """The stories, each that leads nowhere given the address that one of the same title is known by."""
    by_title = {story.title: story for story in known if story.url or story.live_blog}
    return tuple(
        replace(story, url=by_title[story.title].url, live_blog=by_title[story.title].live_blog)
        if story.title in by_title and not story.url and not story.live_blog
        else story
        for story in stories
    )


def _head_digest(details: BlogDetails) -> str:
    """SHA-256 of what running copy says of a blog.

    Without addresses, which the desk adds, and without the end of coverage, which comes by its own verb.
    """
    names = [name for _what, name in _head_fields() if name != "coverage_end_at"]
    said = [_shown(getattr(details, name)) for name in names]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _head_fields() -> list[tuple[str, str]]:
    return [
        (_("kicker"), "kicker"),
        (_("headline"), "headline"),
        (_("standfirst"), "standfirst"),
        (_("related stories"), "stories"),
        (_("publication time"), "coverage_start_at"),
        (_("end of coverage"), "coverage_end_at"),
    ]


def _shown(value: str | datetime | tuple[Story, ...] | None) -> str:
    if isinstance(value, datetime):
        return f"{hongkong.to_hong_kong(value):%Y-%m-%d %H:%M}"
    if isinstance(value, tuple):
        return ", ".join(story.title for story in value)
    return value or ""


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
