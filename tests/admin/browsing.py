"""Admin pages of rows, and their forms in the state in which a browser would submit them."""

from __future__ import annotations

from html.parser import HTMLParser

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def page_of(row: Model, name: str = "change") -> str:
    """Return the path of an admin page of a row, which by default is the one that changes it."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


class _FormReader(HTMLParser):
    """Parser that collects the control values of the form with the given id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.values: dict[str, str | list[str]] = {}
        self._is_inside = False
        self._textarea: str | None = None
        self._select: tuple[str, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._is_inside = attributes.get("id") == self.form_id
        name = attributes.get("name")
        if not self._is_inside or "disabled" in attributes:
            return
        if tag == "textarea":
            self._textarea, self.values[name] = name, ""
        elif tag == "select":
            self._select = (name, "multiple" in attributes)
            self.values[name] = [] if self._select[1] else ""
        elif tag == "option" and self._select and "selected" in attributes:
            name, is_multiple = self._select
            value = attributes.get("value", "")
            self.values[name] = [*self.values[name], value] if is_multiple else value
        elif tag == "input" and name:
            self._read_input(name, attributes)

    def _read_input(self, name: str, attributes: dict[str, str | None]) -> None:
        kind = attributes.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in attributes:
                self.values[name] = attributes.get("value", "on")
        elif kind not in ("submit", "file"):
            self.values[name] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._textarea and self._is_inside:
            self.values[self._textarea] += data


def open_form(client: Client, path: str, language: str = "en") -> dict[str, str | list[str]]:
    """Get an add or change page and return the values with which a browser shows its form."""
    response = client.get(path, headers={"accept-language": language})
    assert response.status_code == 200, (path, response.status_code)
    return form_values(response)


def form_values(response: HttpResponse) -> dict[str, str | list[str]]:
    """Return the values with which a browser shows the form of an add or change page."""
    reader = _FormReader(f"{response.context['opts'].model_name}_form")
    reader.feed(response.content.decode())
    # Browsers drop a line break right after <textarea>, so it does not belong to the value.
    values = {
        name: value.removeprefix("\n") if isinstance(value, str) else value
        for name, value in reader.values.items()
    }
    return {name: value for name, value in values.items() if "__prefix__" not in name}


def with_row(form: dict, prefix: str, **fields: object) -> dict:
    """Return the form with one more row in an inline, as the “Add another” link adds it."""
    index = int(form[f"{prefix}-TOTAL_FORMS"])
    row = {f"{prefix}-{index}-{name}": value for name, value in fields.items()}
    return {**form, f"{prefix}-TOTAL_FORMS": str(index + 1), **row}


def errors(response: HttpResponse) -> dict[str, list[str]]:
    """Return the errors on the page by field; `__all__` holds form errors, an inline prefix its own."""
    assert response.status_code == 200, response.status_code
    result = {name: list(reasons) for name, reasons in response.context["adminform"].form.errors.items()}
    for inline in response.context["inline_admin_formsets"]:
        if reasons := list(inline.formset.non_form_errors()):
            result[inline.formset.prefix] = reasons
        for index, row in enumerate(inline.formset.forms):
            result |= {
                f"{inline.formset.prefix}-{index}-{name}": list(reasons)
                for name, reasons in row.errors.items()
            }
    return result
