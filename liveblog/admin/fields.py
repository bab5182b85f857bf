"""What the admin's forms are made of: rich text, times to the minute, and the choice of what saving does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime, BaseAdminDateWidget, BaseAdminTimeWidget
from django.templatetags.static import static
from django_prose_editor.widgets import AdminProseEditorWidget

# All that newsroom.html lets through: what the editor does not know it would drop on the first edit.
EXTENSIONS: Final = {
    "Bold": True,
    "Italic": True,
    "Underline": True,
    "Strike": True,
    "Subscript": True,
    "Superscript": True,
    "Code": True,
    "CodeBlock": True,
    "Heading": {"levels": [3, 4]},
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "Blockquote": True,
    "HorizontalRule": True,
    "HardBreak": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto"]},
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
    # Ours, of js/admin/prose.js.
    "Page": True,
}


class RichTextWidget(AdminProseEditorWidget):
    """A textarea, which django-prose-editor takes over where it can. The verbs clean what it sends."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"rows": 12, **(attrs or {})}, config={"extensions": EXTENSIONS}, preset="configurable"
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return config | {"js_modules": [*config["js_modules"], static("js/admin/prose.js")]}


class MinuteWidget(AdminSplitDateTime):
    """A day and a time of day as `HH:MM`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        forms.MultiWidget.__init__(self, [BaseAdminDateWidget(), BaseAdminTimeWidget(format="%H:%M")], attrs)

    def decompress(self, value: datetime | None) -> list:
        return super().decompress(value and value.replace(second=0, microsecond=0))


class ActionField(forms.ChoiceField):
    """What saving does. It offers `choices` and lets every one of `known` through.

    So a form that was opened before someone else changed the state is answered by its verb, in words.
    """

    widget = forms.RadioSelect

    def __init__(self, *, known: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self.known = frozenset(known)

    def valid_value(self, value: str) -> bool:
        return value in self.known
