"""The house glossary in the admin: for chief editors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from liveblog import publishing
from liveblog.admin.saving import SharedAdmin, SharedForm
from liveblog.models import GlossaryTerm
from newsroom.sign_in import user_of


class GlossaryTermForm(SharedForm):
    class Meta:
        help_texts = {
            "traditional": _("As Traditional pages print it."),
            "simplified": _("As Simplified pages print it. The same in both keeps the wording as it is."),
        }


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(SharedAdmin):
    form = GlossaryTermForm
    list_display = ["traditional", "simplified", "note"]
    search_fields = ["traditional", "simplified", "note"]
    search_help_text = _("Wording in either script")
    ordering = ["traditional"]
    fields = ["traditional", "simplified", "note"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("liveblog.delete_glossaryterm")

    def delete_model(self, request: HttpRequest, obj: GlossaryTerm) -> None:
        publishing.remove_term(obj, by=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[GlossaryTerm]) -> None:
        for term in queryset:
            publishing.remove_term(term, by=user_of(request))

    def save_by_verb(
        self, request: HttpRequest, form: Any, rows: dict[str, Any], *, change: bool
    ) -> GlossaryTerm:
        if not change:
            return publishing.add_term(by=user_of(request), **form.cleaned_data)
        term: GlossaryTerm = form.instance
        if not form.has_changed():
            return term
        return publishing.edit_term(term, by=user_of(request), **form.cleaned_data)
