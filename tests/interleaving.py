"""Publishing verbs on one live blog, as Hypothesis interleaves them."""

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
    """Subclasses open a blog with its byline and a first update, and add the verbs that matter to them."""

    blog: LiveBlog
    byline: Byline
    updates: list[Update]

    def content(self, heading: str, minute: int) -> Content:
        happened_at = NOON + timedelta(minutes=minute)
        return Content(heading=heading, body="<p>內文</p>", happened_at=happened_at, bylines=(self.byline,))

    def attempt(self, verb: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        """Verbs may refuse: that is no change, and what must hold must hold all the same."""
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
