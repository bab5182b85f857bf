"""The audit log in the admin: read-only, searchable, and exported with the filters that are set."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from liveblog import audit, visibility
from liveblog.admin.filters import BlogFilter
from liveblog.admin.history import ReadOnlyAdmin
from liveblog.audit import export
from liveblog.audit.actions import Action, label_of
from liveblog.models import AuditEntry, Change
from newsroom import hongkong
from newsroom.sign_in import user_of

_ACTIONS: Final = [*Action.choices, *Change.Kind.choices]


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return _ACTIONS

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["hong_kong_time", "who", "what", "on", "blog", "door", "address"]
    list_select_related = ["blog"]
    list_filter = [ActionFilter, "by_kind", "door", BlogFilter]
    list_per_page = 100
    search_fields = ["by_name", "=subject_id", "subject_name", "address", "action", "blog__slug"]
    search_help_text = _("Who, what it was done to, its id, address or live blog")
    date_hierarchy = "at"
    actions = None
    change_list_template = "admin/liveblog/auditentry/change_list.html"
    fields = [
        *("hong_kong_time", "utc_time", "who", "by_kind", "door", "address", "what", "on", "blog"),
        *("readable_details", "chain", "position", "previous_hash", "hash"),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("export/<str:name>/", view, name="liveblog_auditentry_export"), *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Entries without a live blog (about pictures, people and partners) could reveal any live blog.
        return super().has_view_permission(request, obj) and visibility.reads_all(user_of(request))

    @admin.display(description=_("Hong Kong time"), ordering="at")
    def hong_kong_time(self, entry: AuditEntry) -> str:
        return f"{hongkong.to_hong_kong(entry.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("UTC"))
    def utc_time(self, entry: AuditEntry) -> str:
        return str(entry.content()["at"])

    @admin.display(description=_("by"), ordering="by_name")
    def who(self, entry: AuditEntry) -> str:
        return entry.by_name or entry.get_by_kind_display()

    @admin.display(description=_("action"), ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return label_of(entry.action)

    @admin.display(description=_("object"))
    def on(self, entry: AuditEntry) -> str:
        """Return the object's name, or its kind and id: the log holds no text of the coverage."""
        return entry.subject_name or f"{entry.subject_kind} {entry.subject_id}".strip()

    @admin.display(description=_("details"))
    def readable_details(self, entry: AuditEntry) -> str:
        text = json.dumps(entry.details, ensure_ascii=False, indent=2)
        return format_html('<pre class="revision-content">{}</pre>', text)

    def export(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Stream the entries that the list shows with the same search and filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if name not in export.FORMATS:
            raise Http404
        entries = self.get_changelist_instance(request).get_queryset(request)
        audit.record("audit_exported", by=user_of(request), format=name)
        content_type, lines = export.FORMATS[name]
        file_name = f"audit-{hongkong.to_hong_kong(timezone.now()):%Y%m%d-%H%M}.{name}"
        return StreamingHttpResponse(
            lines(export.all_of(entries.order_by("pk"))),
            content_type=f"{content_type}; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{file_name}"',
                "Cache-Control": "private, no-store",
            },
        )
