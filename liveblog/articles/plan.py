"""Plan for loading an article into a live blog, made only by reading, before anything is written."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from liveblog.articles.article import Article, Entry
from liveblog.articles.match import Known, Matching, is_same_update, match
from liveblog.articles.place import Slot, place
from liveblog.articles.report import Action, HeadChange, Outcome
from liveblog.articles.saved import digest, entry_of, html_of, is_as_imported, standfirst_text, stories_of
from liveblog.articles.write import name_of
from liveblog.models import LiveBlog, Update
from liveblog.publishing import BlogDetails, Content, Story
from liveblog.publishing.permissions import Actor, filter_permissions
from newsroom import hongkong

_MAX_SLUG: Final = 80


@dataclass(frozen=True)
class Order:
    """An article to load, with the options of `load`."""

    article: Article
    by: Actor
    slug: str = ""
    publish: bool = False
    note: str = ""
    withdraw_missing: bool = False
    keep_head: bool = False


class Saving(Enum):
    """The publishing verb that saves an entry."""

    NOTHING = auto()
    DRAFT = auto()
    PUBLISH = auto()
    CORRECT = auto()
    EDIT = auto()


@dataclass(frozen=True)
class Step:
    """The planned outcome of one entry of the copy. `update` is the saved update matched to it, if any.

    `content` is what will be saved, before the verb validates it; None if `saving` is NOTHING.
    """

    entry: Entry
    digest: str
    action: Action
    update: Update | None = None
    saving: Saving = Saving.NOTHING
    content: Content | None = None

    def outcome(self, language: str, update_id: int | None = None) -> Outcome:
        pk = self.update.pk if self.update else update_id
        return Outcome(self.action, name_of(self.entry, language), self.entry.line, pk)


@dataclass(frozen=True)
class Missing:
    """A saved update that is no longer in the copy. `is_withdrawn` means that loading withdraws it."""

    update: Update
    outcome: Outcome
    is_withdrawn: bool = False


@dataclass(frozen=True)
class Head:
    """The planned details of the blog itself. `details` is None if the saved ones stay."""

    details: BlogDetails | None = None
    imported_hash: str = ""
    changes: tuple[HeadChange, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything that loading will do. `steps` are in the order of the copy, newest first.

    `blog` is None if a new one will be created. `is_of_another_story` means that the copy has hardly anything
    in common with it. `status` is the blog's status afterwards. `ends_at` is when coverage ends, or None if
    loading does not end it.
    """

    order: Order
    blog: LiveBlog | None
    head: Head
    steps: tuple[Step, ...]
    missing: tuple[Missing, ...]
    status: str
    starts: bool = False
    ends_at: datetime | None = None
    notes: tuple[str, ...] = field(default=())
    is_of_another_story: bool = False

    @property
    def target(self) -> LiveBlog | BlogDetails:
        """Return the live blog, or the details of the one that will be created."""
        target = self.blog or self.head.details
        assert target is not None
        return target


def make_plan(order: Order, blog: LiveBlog | None) -> Plan:
    """Decide what loading does, in a fixed number of queries that neither write nor lock."""
    head = _new_head(order) if blog is None else _changed_head(order, blog)
    steps, missing, is_of_another_story = _plan_updates(order, blog)
    starts, ends_at, status, notes = _plan_coverage(order, blog)
    return Plan(
        order, blog, head, steps, missing, status, starts, ends_at, (*head.notes, *notes), is_of_another_story
    )


def _plan_coverage(order: Order, blog: LiveBlog | None) -> tuple[bool, datetime | None, str, tuple[str, ...]]:
    """Return whether coverage starts, when it ends, the blog's status afterwards, and notes.

    Coverage changes only when publishing. It ends if the title has no running mark. A user who may not end
    the coverage gets a note instead, because the updates can still be published.
    """
    status = blog.status if blog else LiveBlog.Status.DRAFT
    if not order.publish:
        return False, None, str(status), ()
    starts = status == LiveBlog.Status.DRAFT
    status = LiveBlog.Status.LIVE if starts else status
    if order.article.is_running:
        has_ended = status == LiveBlog.Status.ENDED
        note = _("The copy is marked as running, but coverage here has ended and stays ended.")
        return starts, None, str(status), (note,) if has_ended else ()
    if status == LiveBlog.Status.LIVE and not filter_permissions(order.by, ["run_coverage"], blog):
        note = _("The copy is not marked as running. Coverage goes on, because your account may not end it.")
        return starts, None, str(status), (note,)
    ends_at = newest_minute(order.article) if status == LiveBlog.Status.LIVE else None
    return starts, ends_at, str(LiveBlog.Status.ENDED), ()


def newest_minute(article: Article) -> datetime:
    """Return the latest time in the article, which is when its coverage ends."""
    timed = [hongkong.at(entry.day, entry.clock) for entry in article.entries if entry.clock]
    return max([article.published_at, *timed])


# The head


def _new_head(order: Order) -> Head:
    article = order.article
    standfirst, stories = standfirst_text(article.standfirst)
    details = BlogDetails(
        slug=order.slug or _free_slug(article),
        language=article.language,
        headline=article.headline,
        kicker=article.kicker,
        standfirst=standfirst,
        coverage_start_at=article.published_at,
        coverage_end_at=None if article.is_running else newest_minute(article),
        stories=stories,
        has_responses=article.has_responses,
    )
    return Head(details, _head_digest(details))


def _free_slug(article: Article) -> str:
    """Return an unused slug made from the ASCII words of the title.

    Use the publication date instead if the title has fewer than two alphabetic words of three letters or
    more; numbers and abbreviations alone do not make a readable slug.
    """
    words = slugify(f"{article.kicker} {article.headline}").split("-")
    stem = ""
    if sum(len(word) > 2 and word.isalpha() for word in words) >= 2:
        for word in words:
            stem = f"{stem}-{word}".strip("-") if len(stem) + len(word) < _MAX_SLUG else stem
    stem = stem or f"live-{article.published_at:%Y-%m-%d}"
    slugs = set(LiveBlog.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    candidates = (f"{stem}-{count}" for count in range(2, len(slugs) + 3))
    return stem if stem not in slugs else next(slug for slug in candidates if slug not in slugs)


def _changed_head(order: Order, blog: LiveBlog) -> Head:
    """Plan the changes that the copy makes to title, publication time and standfirst.

    The language never changes. If the desk has edited these details as well, report a conflict and keep the
    desk's version.
    """
    if order.keep_head:
        return Head()
    article, notes = order.article, []
    if article.language != blog.language:
        languages = {"copy": article.language, "blog": blog.language}
        notes.append(_("The copy reads as %(copy)s, the live blog is in %(blog)s.") % languages)
    current = BlogDetails.of(blog)
    details = _brought_up_to_date(current, article, blog)
    new_digest, last_digest = _head_digest(details), blog.imported_hash
    if new_digest == last_digest and details.coverage_end_at == current.coverage_end_at:
        return Head(notes=tuple(notes))
    is_conflict = bool(last_digest) and _head_digest(current) != last_digest
    changes = tuple(
        HeadChange(what, _shown(getattr(current, name)), _shown(getattr(details, name)), is_conflict)
        for what, name in _head_fields()
        if getattr(current, name) != getattr(details, name)
    )
    return Head(None if is_conflict else details, new_digest, changes, tuple(notes))


def _brought_up_to_date(current: BlogDetails, article: Article, blog: LiveBlog) -> BlogDetails:
    standfirst, stories = standfirst_text(article.standfirst)
    details = replace(
        current,
        kicker=article.kicker,
        headline=article.headline,
        standfirst=standfirst,
        stories=_with_addresses(stories, current.stories),
    )
    if current.coverage_start_at is None or _minute(current.coverage_start_at) != article.published_at:
        details = replace(details, coverage_start_at=article.published_at)
    if blog.status == LiveBlog.Status.DRAFT and article.is_running != (current.coverage_end_at is None):
        details = replace(details, coverage_end_at=None if article.is_running else newest_minute(article))
    if details.coverage_end_at and details.coverage_end_at < article.published_at:
        # The publication line has moved past the end of the coverage.
        details = replace(details, coverage_end_at=newest_minute(article))
    return details


def _head_digest(details: BlogDetails) -> str:
    """Return the SHA-256 of the blog details that running copy contains.

    Exclude story addresses, which the desk adds, and the end of coverage, which has its own verb.
    """
    names = [name for _what, name in _head_fields() if name != "coverage_end_at"]
    values = [_shown(getattr(details, name)) for name in names]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


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


# The updates


def _plan_updates(order: Order, blog: LiveBlog | None) -> tuple[tuple[Step, ...], tuple[Missing, ...], bool]:
    """Return the steps, the updates missing from the copy, and whether the copy is of another story."""
    entries: Sequence[Entry] = order.article.entries
    digests = [digest(entry) for entry in entries]
    updates = list(_candidates(blog)) if blog else []
    known_updates = [Known(entry_of(update), update.imported_hash, update.is_erased) for update in updates]
    matching = match(entries, digests, known_updates)
    is_of_another_story = _is_of_another_story(entries, known_updates, matching)
    matches = [matching.pairs.get(index) for index in range(len(entries))]
    entries = _on_saved_days(
        entries, [None if pair is None else known_updates[pair].entry for pair in matches]
    )
    digests = [digest(entry) for entry in entries]
    steps = [
        _classified(entry, entry_digest, None if pair is None else updates[pair])
        for entry, entry_digest, pair in zip(entries, digests, matches, strict=True)
    ]
    for index in matching.unsure_copy:
        steps[index] = replace(steps[index], action=Action.AMBIGUOUS)
    slots = [
        _slot(step, None if pair is None else known_updates[pair].entry)
        for step, pair in zip(steps, matches, strict=True)
    ]
    # Ambiguous entries are not saved, so they take part in no ordering.
    placeable = [slot for step, slot in zip(steps, slots, strict=True) if step.action is not Action.AMBIGUOUS]
    moments = iter(place(placeable, order.article.published_at))
    planned_steps = [
        step if step.action is Action.AMBIGUOUS else _with_content(order, step, next(moments))
        for step in steps
    ]
    missing = tuple(_missing(order, updates, known_updates, matching))
    return tuple(planned_steps), missing, is_of_another_story


def _is_of_another_story(entries: Sequence[Entry], saved: Sequence[Known], matching: Matching) -> bool:
    """Return whether the copy probably belongs to another live blog than this one, which has updates.

    In that case, fewer than a fifth of the copy's updates match. Copy that has only grown still matches most
    saved updates.
    """
    same = sum(is_same_update(entries[copy], saved[pair].entry) for copy, pair in matching.pairs.items())
    same += len(matching.unsure_copy)
    return same * 5 < len(entries) and same * 2 < len(saved)


def _on_saved_days(entries: Sequence[Entry], saved: Sequence[Entry | None]) -> Sequence[Entry]:
    """Return the entries, shifting inferred days by the most common difference from the matched updates.

    Days are inferred from the publication time, which moves forward with each edition of an article. Neither
    saved updates nor new ones beside them move with it.
    """
    shifts = Counter(
        known.day - entry.day
        for entry, known in zip(entries, saved, strict=True)
        if known is not None and entry.is_day_inferred and entry.clock == known.clock
    )
    if not shifts or shifts.most_common(1)[0][0] == timedelta():
        return entries
    shift = shifts.most_common(1)[0][0]
    return [replace(entry, day=entry.day + shift) if entry.is_day_inferred else entry for entry in entries]


def _candidates(blog: LiveBlog) -> Iterator[Update]:
    """Yield the updates that copy may be matched to, newest first.

    These are all imported updates, and the desk's own if they are published or withdrawn.
    """
    public = Q(status__in=[Update.Status.PUBLISHED, Update.Status.WITHDRAWN])
    yield from blog.updates.filter(~Q(imported_hash="") | public).complete().newest_first()


def _classified(entry: Entry, entry_digest: str, update: Update | None) -> Step:
    if update is None:
        return Step(entry, entry_digest, Action.ADDED)
    if update.is_withdrawn:
        return Step(entry, entry_digest, Action.STAYS_WITHDRAWN, update)
    if entry_digest in (update.imported_hash, digest(entry_of(update))):
        return Step(entry, entry_digest, Action.UNCHANGED, update)
    is_queued = update.status in (Update.Status.SUBMITTED, Update.Status.SCHEDULED)
    is_free = is_as_imported(update) and not is_queued
    return Step(entry, entry_digest, Action.CHANGED if is_free else Action.CONFLICT, update)


def _slot(step: Step, saved_entry: Entry | None) -> Slot:
    """Return the slot of an entry. A saved update keeps its moment unless the copy changes its time."""
    moment = None
    if step.update is not None and saved_entry is not None:
        is_moved = (saved_entry.day, saved_entry.clock) != (step.entry.day, step.entry.clock)
        moment = None if step.action is Action.CHANGED and is_moved else step.update.happened_at
    return Slot(step.entry.day, step.entry.clock, moment)


def _with_content(order: Order, step: Step, moment: datetime) -> Step:
    """Return the step with the content to save and the verb that saves it."""
    if step.action is Action.ADDED:
        saving = Saving.PUBLISH if order.publish else Saving.DRAFT
        return replace(step, saving=saving, content=_content(step, Content(), moment))
    if step.action is Action.CHANGED and step.update is not None:
        content = _content(step, Content.of(step.update), moment)
        if step.update.is_published:
            return replace(step, saving=Saving.CORRECT if order.note else Saving.EDIT, content=content)
        return replace(step, saving=Saving.PUBLISH if order.publish else Saving.DRAFT, content=content)
    if step.action is Action.UNCHANGED and step.update is not None:
        return _settled(order, step, step.update)
    return step


def _content(step: Step, before: Content, moment: datetime) -> Content:
    return replace(
        before,
        heading=step.entry.heading,
        body=html_of(step.entry.blocks),
        happened_at=moment,
        has_clock_time=step.entry.clock is not None,
        stories=_with_addresses(stories_of(step.entry.blocks), before.stories),
    )


def _settled(order: Order, step: Step, update: Update) -> Step:
    """Return the step for an update whose text already matches the copy.

    It may still have to be published, to gain links for its related stories, or to record the copy's digest.
    """
    content = Content.of(update)
    stories = _with_addresses(content.stories, stories_of(step.entry.blocks))
    has_new_links = stories != content.stories
    content = replace(content, stories=stories)
    is_draft = update.status == Update.Status.DRAFT
    if order.publish and is_draft and update.imported_hash:
        return replace(step, action=Action.PUBLISHED, saving=Saving.PUBLISH, content=content)
    action = Action.CHANGED if has_new_links and (update.is_published or is_draft) else Action.UNCHANGED
    if update.is_published and (has_new_links or update.imported_hash != step.digest):
        return replace(step, action=action, saving=Saving.EDIT, content=content)
    if is_draft and has_new_links:
        return replace(step, action=action, saving=Saving.DRAFT, content=content)
    return step


def _missing(
    order: Order, updates: Sequence[Update], known_updates: Sequence[Known], matching: Matching
) -> Iterator[Missing]:
    matched_indexes = set(matching.pairs.values())
    for index, update in enumerate(updates):
        if index in matched_indexes or not update.imported_hash or update.is_withdrawn:
            continue
        about = name_of(known_updates[index].entry, order.article.language)
        is_withdrawn = order.withdraw_missing and update.is_published and index not in matching.unsure_saved
        action = Action.WITHDRAWN if is_withdrawn else Action.VANISHED
        if index in matching.unsure_saved:
            action = Action.AMBIGUOUS
        yield Missing(update, Outcome(action, about, None, update.pk), is_withdrawn)


def _with_addresses(stories: Sequence[Story], known_stories: Sequence[Story]) -> tuple[Story, ...]:
    """Return the stories; one without a link gets that of the known story with the same title, if any."""
    by_title = {story.title: story for story in known_stories if story.url or story.live_blog}
    return tuple(
        replace(story, url=by_title[story.title].url, live_blog=by_title[story.title].live_blog)
        if story.title in by_title and not story.url and not story.live_blog
        else story
        for story in stories
    )
