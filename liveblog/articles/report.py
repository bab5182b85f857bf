"""Report of what loading an article did to a live blog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """What became of an entry of the copy, or of a saved update that the copy no longer has."""

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
    """`line` is the entry's in the copy; None for an update that is saved and not in the copy."""

    action: Action
    about: str
    line: int | None = None
    update_id: int | None = None


@dataclass(frozen=True)
class HeadChange:
    """Something of the blog itself that the copy says otherwise: changed, or in conflict with the desk's."""

    what: str
    before: str
    after: str
    is_conflict: bool = False


@dataclass(frozen=True)
class Unresolved:
    """A related story that leads nowhere yet, and the update (or the standfirst) that it stands in."""

    title: str
    about: str


@dataclass(frozen=True)
class Report:
    """The result of loading or, after a dry run, the result that loading would have."""

    slug: str
    is_new: bool
    is_dry_run: bool
    status: str
    head_changes: tuple[HeadChange, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, action: Action) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.action is action]
