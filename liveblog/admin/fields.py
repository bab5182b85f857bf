"""Form fields of the admin: times to the minute, and the choice of action on saving."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, cast

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime, BaseAdminDateWidget, BaseAdminTimeWidget
from django.db.models import QuerySet


class MinuteWidget(AdminSplitDateTime):
    """A widget for a day and a time of day as `HH:MM`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        forms.MultiWidget.__init__(self, [BaseAdminDateWidget(), BaseAdminTimeWidget(format="%H:%M")], attrs)

    def decompress(self, value: datetime | None) -> tuple[date | None, time | None]:
        return super().decompress(value and value.replace(second=0, microsecond=0))


def choice_field(form: forms.BaseForm, name: str) -> forms.ChoiceField:
    """Return the form's field `name`, narrowed to a ChoiceField."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    return field


def label_of(form: forms.BaseForm, name: str, value: str) -> str:
    """Return the label of one of a field's choices, or the value itself if the field does not offer it."""
    choices = cast(Iterable[tuple[str, object]], choice_field(form, name).choices)
    return str(dict(choices).get(value, value))


def row_field(form: forms.BaseForm, name: str) -> forms.ModelChoiceField:
    """Return the form's field `name`, narrowed to a ModelChoiceField."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    return field


def offered_rows(form: forms.BaseForm, name: str) -> QuerySet[Any]:
    """Return the rows that the form's field `name` offers."""
    rows = row_field(form, name).queryset
    assert rows is not None
    return rows


class ActionField(forms.ChoiceField):
    """The action on saving. It offers `choices` but accepts all of `known`.

    If a colleague has changed the state since the form was opened, the verb can then refuse it with a reason.
    """

    widget = forms.RadioSelect

    def __init__(self, *, known: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self.known = frozenset(known)

    def valid_value(self, value: str) -> bool:
        return value in self.known
