"""Saving in the admin: one publishing verb saves a form, which shows the reasons if the verb refuses."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse

from liveblog import publishing
from liveblog.admin.bounds import BoundedLists
from liveblog.admin.fields import MinuteWidget, label_of
from liveblog.admin.reading import FieldNames, TeamFields, keep_hidden_links
from liveblog.models import Webhook
from newsroom.rich_text import allow_editor


class AdminRequest(HttpRequest):
    """A request with values that one step of the admin's view leaves for a later one."""

    # Why a verb refused the form.
    refusal: ValidationError
    prepared_picture: publishing.Upload
    # The text of a new API key.
    shown_key: str
    # The webhook whose new secret is to be shown.
    secret_of: Webhook


class VerbForm(forms.ModelForm):
    """A form that checks what was typed; a verb decides whether it may be saved."""

    # VerbAdmin sets both for each request.
    user: Any = None
    refusal: ValidationError | None = None
    # The field that shows a refusal which names no field.
    refused_field: str | None = None

    def _post_clean(self) -> None:
        """Leave the instance as it was read: only verbs write to it, and they validate it themselves."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        keep_hidden_links(self, cleaned)
        for name, field in self.fields.items():
            # The form shows minutes; a time that was not changed keeps its seconds, which decide the order.
            if isinstance(field.widget, MinuteWidget) and name in cleaned and name not in self.changed_data:
                cleaned[name] = self.initial.get(name)
        if self.refusal is not None:
            for name, errors in by_field(self.refusal).items():
                if name != "stories":
                    self.add_error(name if name in self.fields else self.refused_field, errors)
        return cleaned


class SharedForm(VerbForm):
    """A form on a row that several live blogs share, with the fingerprint of the row it was opened on."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk:
            self.initial["seen"] = publishing.row_fingerprint(self.instance)
        else:
            del self.fields["seen"]


def by_field(refusal: ValidationError) -> dict[str, list[ValidationError]]:
    if hasattr(refusal, "error_dict"):
        return refusal.error_dict
    return {NON_FIELD_ERRORS: refusal.error_list}


class PlainAdmin(BoundedLists, admin.ModelAdmin):
    """Admin for rows that are saved without a verb.

    If two users save the same unique value at the same time, the later one gets the form back.
    """

    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *arguments, **options)
        except IntegrityError:
            # Everything was rolled back. Validating again shows which value is no longer unique.
            return super().changeform_view(request, *arguments, **options)


class VerbAdmin(BoundedLists, TeamFields, admin.ModelAdmin):
    """Admin for rows that a verb saves: subclasses implement `save_by_verb`.

    Nothing is deleted; content is withdrawn instead.
    """

    form = VerbForm
    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": MinuteWidget},
        models.URLField: {"assume_scheme": "https"},
    }

    def save_by_verb(
        self, request: HttpRequest, form: Any, rows: dict[str, list[dict[str, Any]]], *, change: bool
    ) -> models.Model:
        """Save the form with one verb and return its row. `rows` has the inlines' rows by model name."""
        raise NotImplementedError

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **options: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change=change, **options)
        assert issubclass(form, VerbForm)
        form.user = request.user
        form.refusal = getattr(request, "refusal", None)
        return form

    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *arguments, **options)
        except ValidationError as refusal:
            # Everything was rolled back. Show the same form again, with the verb's reasons on it.
            cast(AdminRequest, request).refusal = refusal
            return super().changeform_view(request, *arguments, **options)

    def save_model(self, request: HttpRequest, obj: models.Model, form: VerbForm, change: bool) -> None:
        """Save nothing yet, because the inlines belong to the same verb call."""

    def save_related(
        self, request: HttpRequest, form: VerbForm, formsets: list[forms.BaseInlineFormSet], change: bool
    ) -> None:
        rows = {
            formset.model._meta.model_name: entered_rows(formset) for formset in formsets if formset.model
        }
        form.instance.pk = self.save_by_verb(request, form, rows, change=change).pk
        form.instance.refresh_from_db()

    # override: the stubs only know messages that are lists, but Django also stores text.
    def construct_change_message(  # type: ignore[override]
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> str | list[dict[str, Any]]:
        action = form.cleaned_data.get("action")
        if add or not action:
            return super().construct_change_message(request, form, [], add)
        return label_of(form, "action", action)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *arguments: Any, **options: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *arguments, **options)
        allow_editor(response, context["media"])
        return response


def entered_rows(formset: forms.BaseInlineFormSet) -> list[dict[str, Any]]:
    """Return the data of an inline's rows in the order entered, without empty and removed rows."""
    rows = [form.cleaned_data for form in formset.forms if form.cleaned_data]
    remaining = [row for row in rows if not row.get("DELETE")]
    return sorted(remaining, key=lambda row: (row.get("order") is None, row.get("order")))


class SharedAdmin(VerbAdmin):
    """Admin for rows that several live blogs share: a stale form is refused by its fingerprint."""

    form = SharedForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> FieldNames:
        return [*super().get_fields(request, obj), *self.fingerprint_fields(request, obj)]

    def fingerprint_fields(self, request: HttpRequest, obj: models.Model | None) -> list[str]:
        """Return the names of the hidden fields of a form that may be saved."""
        return ["seen"] if obj and self.has_change_permission(request, obj) else []
