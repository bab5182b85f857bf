"""The rich text editor of admin and desk, and the policy under which it loads."""

from __future__ import annotations

from typing import Any, Final

from csp.constants import NONCE
from csp.decorators import csp_update
from django.templatetags.static import static
from django_prose_editor.widgets import AdminProseEditorWidget

# The editor's inline import map and style pass by this page's nonce, on pages that are marked so.
EDITOR_POLICY: Final = {"script-src": [NONCE], "style-src": [NONCE]}
with_editor: Final = csp_update(EDITOR_POLICY)

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
