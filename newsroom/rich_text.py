"""The rich text editor of the admin and desk, and its needs in the Content Security Policy."""

from __future__ import annotations

from typing import Any, Final

from django.forms import Media
from django.http import HttpResponse
from django.templatetags.static import static
from django_prose_editor.widgets import AdminProseEditorWidget
from js_asset import Media as MediaWithImportMap

from newsroom import csp

# These cover all markup that newsroom.text.html allows, because the editor drops any other on the first edit.
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
    # Our own extension, in js/admin/prose.js.
    "Page": True,
}


class RichTextWidget(AdminProseEditorWidget):
    """A textarea enhanced by django-prose-editor. The verbs sanitize its value."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"rows": 12, **(attrs or {})}, config={"extensions": EXTENSIONS}, preset="configurable"
        )

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().get_config()
        return config | {"js_modules": [*config["js_modules"], static("js/admin/prose.js")]}


def allow_editor(response: HttpResponse, media: Media) -> None:
    """Let the page that prints `media` use the editor's import map, which is an inline script."""
    if not isinstance(media, MediaWithImportMap):
        return
    for tag in media.render_importmap():
        csp.allow_inline_script(response, tag.partition(">")[2].removesuffix("</script>"))
