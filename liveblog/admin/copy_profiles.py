"""Saved profiles of running copy in the admin, for users who may change live blogs."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from liveblog.admin.saving import PlainAdmin
from liveblog.articles.notation import Heading, Order
from liveblog.models import CopyProfile

_ORDERS: Final = {
    Order.NEWEST_FIRST.value: _("newest first"),
    Order.OLDEST_FIRST.value: _("oldest first"),
    Order.MIXED.value: _("in no order"),
}
_HEADINGS: Final = {
    Heading.ABOVE.value: _("headings above the times"),
    Heading.BELOW.value: _("headings below the times"),
    Heading.BESIDE.value: _("headings on the lines of the times"),
    Heading.NONE.value: _("no headings"),
}


@admin.register(CopyProfile)
class CopyProfileAdmin(PlainAdmin):
    """Admin for renaming and deleting profiles; the desk's preview of running copy adds and replaces them."""

    list_display = ["name", "notation"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "notation"]
    readonly_fields = ["notation"]

    @admin.display(description=_("Notation"))
    def notation(self, profile: CopyProfile) -> str:
        zone = _("time zone %(zone)s") % {"zone": profile.zone} if profile.zone else ""
        words = (_ORDERS.get(profile.order, ""), _HEADINGS.get(profile.heading, ""), zone)
        return ", ".join(str(word) for word in words if word)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("liveblog.change_liveblog")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)
