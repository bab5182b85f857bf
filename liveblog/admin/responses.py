"""Readers' responses in the admin: those to moderate and those already moderated."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveblog import publishing
from liveblog.admin.bounds import BoundedLists
from liveblog.admin.bulk import confirm_each
from liveblog.admin.reading import TeamAdmin
from liveblog.models import ReaderResponse


@admin.register(ReaderResponse)
class ReaderResponseAdmin(BoundedLists, TeamAdmin):
    """Admin for responses, which are never edited: list actions approve, reject or withdraw them."""

    list_display = ["text", "status", "name", "blog", "created_at", "moderated_by"]
    list_display_links = None
    list_filter = ["status", ("blog", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["blog", "moderated_by"]
    search_fields = ["name", "text", "blog__headline"]
    search_help_text = gettext_lazy("Name, text or live blog")
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    actions = ["approve", "reject", "withdraw"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.has_moderate_permission(request) or super().has_view_permission(request, obj)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.moderate_readerresponse")

    @admin.action(description=gettext_lazy("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, queryset: QuerySet[ReaderResponse]) -> object:
        consequence = _("Readers will see each of them at once.")
        return self._each(request, queryset, publishing.approve_response, _("Approved"), consequence)

    @admin.action(description=gettext_lazy("Reject"), permissions=["moderate"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ReaderResponse]) -> object:
        consequence = _("Readers will see none of them.")
        return self._each(request, queryset, publishing.reject_response, _("Rejected"), consequence)

    @admin.action(description=gettext_lazy("Withdraw"), permissions=["moderate"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ReaderResponse]) -> object:
        consequence = _("They disappear for readers at once.")
        return self._each(request, queryset, publishing.withdraw_response, _("Withdrawn"), consequence)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[ReaderResponse],
        verb: Callable[..., object],
        done: str,
        consequence: str,
    ) -> object:
        # Oldest first, so that the page shows them in the order in which readers wrote.
        rows = queryset.order_by("created_at", "pk")
        return confirm_each(self, request, rows, verb, done, consequence)
