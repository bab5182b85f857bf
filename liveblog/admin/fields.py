"""Form fields of the admin: times to the minute, and the choice of action on saving."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime, BaseAdminDateWidget, BaseAdminTimeWidget


class MinuteWidget(AdminSplitDateTime):
    """A widget for a day and a time of day as `HH:MM`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        forms.MultiWidget.__init__(self, [BaseAdminDateWidget(), BaseAdminTimeWidget(format="%H:%M")], attrs)

    def decompress(self, value: datetime | None) -> list:
        return super().decompress(value and value.replace(second=0, microsecond=0))


class ActionField(forms.ChoiceField):
    """The action on saving. It offers `choices` but accepts all of `known`.

    So a form that was opened before a colleague changed the state is refused by its verb, with a reason.
    """

    widget = forms.RadioSelect

    def __init__(self, *, known: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self.known = frozenset(known)

    def valid_value(self, value: str) -> bool:
        return value in self.known
