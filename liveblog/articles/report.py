"""Report of what loading an article did to a live blog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """The outcome for an entry of the copy, or for a saved update that the copy no longer has."""

    ADDED = "added"
    CHANGED = "changed"
    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    STAYS_WITHDRAWN = "stays withdrawn"
    AMBIGUOUS = "ambiguous"
    VANISHED = "vanished"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Outcome:
    """The action for one update. `line` is its line in the copy; None if it is saved but not in the copy."""

    action: Action
    about: str
    line: int | None = None
    update_id: int | None = None


@dataclass(frozen=True)
class HeadChange:
    """A change by the copy to the blog's own details, or a conflict with the desk's changes to them."""

    what: str
    before: str
    after: str
    is_conflict: bool = False


@dataclass(frozen=True)
class Unresolved:
    """A related story without a link, and the update (or the standfirst) that contains it."""

    title: str
    about: str


@dataclass(frozen=True)
class Report:
    """The result of loading an article or, for a dry run, the result that loading would have.

    `is_of_another_story` means that hardly any of its updates match those that the live blog already has.
    """

    slug: str
    is_new: bool
    is_dry_run: bool
    status: str
    head_changes: tuple[HeadChange, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    notes: tuple[str, ...] = ()
    is_of_another_story: bool = False

    def of(self, action: Action) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.action is action]
