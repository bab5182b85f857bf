"""The log and the revisions in the admin, read-only."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from liveblog import visibility
from liveblog.admin.bounds import BoundedLists
from liveblog.admin.filters import BlogFilter, BlogOfUpdateFilter
from liveblog.admin.reading import TeamAdmin
from liveblog.models import Change, Revision
from newsroom.sign_in import user_of


class ReadOnlyAdmin(BoundedLists, TeamAdmin):
    """Read-only admin for rows that belong to live blogs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "blog", "number", "kind", "update", "by", "by_partner"]
    list_select_related = ["blog", "update", "by", "by_partner"]
    list_filter = ["kind", BlogFilter, ("by", admin.RelatedOnlyFieldListFilter)]
    list_per_page = 100
    search_fields = ["blog__headline", "blog__slug", "update__heading", "by__username"]
    date_hierarchy = "at"


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ["at", "update", "number", "kind", "note", "by", "by_partner"]
    list_select_related = ["update", "by", "by_partner"]
    list_filter = ["kind", BlogOfUpdateFilter, ("by", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["update__heading", "note", "by__username"]
    date_hierarchy = "at"
    fields = ["update", "number", "kind", "note", "by", "by_partner", "at", "readable_content"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        return super().get_queryset(request).defer("content")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Revision | None:
        revision = super().get_object(request, object_id, from_field)
        if not isinstance(revision, Revision):
            return None
        revision.content = visibility.readable_content(user_of(request), revision.content)
        return revision

    @admin.display(description=_("content"))
    def readable_content(self, revision: Revision) -> str:
        text = json.dumps(revision.content, ensure_ascii=False, indent=2)
        return format_html('<pre class="revision-content">{}</pre>', text)
