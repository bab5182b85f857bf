"""Limits of every list in the admin: the length of a search, and the number of rows per action."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

LONGEST_SEARCH: Final = 100
MOST_AT_ONCE: Final = 200


class BoundedLists(admin.ModelAdmin):
    """Mixin for every ModelAdmin; list it before Django's class."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return no rows for a search that is too long.

        Each word adds a condition, and SQLite allows at most 1,000.
        """
        if len(search_term) > LONGEST_SEARCH:
            message = _("Search for at most %(limit)s characters.") % {"limit": LONGEST_SEARCH}
            self.message_user(request, message, messages.WARNING)
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *arguments: Any
    ) -> HttpResponse | None:
        """Refuse an action on more rows than one request can handle in time."""
        is_on_all = forms.BooleanField(required=False).clean(request.POST.get("select_across", "0"))
        count = queryset.count() if is_on_all else len(request.POST.getlist(ACTION_CHECKBOX_NAME))
        if count > MOST_AT_ONCE:
            message = _("%(count)s items were selected. Select at most %(limit)s at once: nothing was done.")
            self.message_user(request, message % {"count": count, "limit": MOST_AT_ONCE}, messages.ERROR)
            return None
        return super().response_action(request, queryset, *arguments)
