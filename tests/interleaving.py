"""Hypothesis state machine that interleaves publishing verbs on one live blog."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from tests.factories import NOON

MINUTES = st.integers(-3, 12)
WORDS = st.sampled_from(["甲", "頭髮", "後來發現", ""])
WHICH = st.integers(0, 30)


class Interleaving(RuleBasedStateMachine):
    """Base state machine; subclasses create the blog, its byline and a first update, and add verbs."""

    blog: LiveBlog
    byline: Byline
    updates: list[Update]

    def content(self, heading: str, minute: int) -> Content:
        happened_at = NOON + timedelta(minutes=minute)
        return Content(heading=heading, body="<p>內文</p>", happened_at=happened_at, bylines=(self.byline,))

    def attempt(self, verb: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        """Call the verb; return None if it refuses, since invariants must hold after refusals too."""
        try:
            return verb(*args, by=SYSTEM, **kwargs)
        except ValidationError:
            return None

    def chosen(self, which: int) -> Update:
        return self.updates[which % len(self.updates)]

    @rule(which=WHICH, heading=WORDS, minute=MINUTES, note=st.sampled_from(["", "更正"]))
    def correct(self, which: int, heading: str, minute: int, note: str) -> None:
        self.attempt(publishing.correct_update, self.chosen(which), self.content(heading, minute), note=note)

    @rule(role=st.sampled_from(["駐京", "駐滬", ""]))
    def edit_byline(self, role: str) -> None:
        self.byline = publishing.edit_byline(self.byline, by=SYSTEM, name=self.byline.name, role=role)
