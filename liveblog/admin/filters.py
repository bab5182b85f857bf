"""Changelist filters beyond the fields' own values."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from liveblog import visibility
from liveblog.models import RelatedStory
from liveblog.models.story import RelatedStoryQuerySet
from newsroom.http.parameters import whole_number
from newsroom.sign_in import user_of

# The filter does not list every live blog; older ones are found by searching for their headline.
RECENT_BLOGS: Final = 20


class BlogFilter(admin.SimpleListFilter):
    """Filter by live blog. It offers the blogs changed last, and the one that the query string selects."""

    title = _("live blog")
    parameter_name = "blog"
    lookup = "blog"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        readable = visibility.readable(user_of(request))
        recent = readable.order_by(F("modified_at").desc(nulls_last=True), "-pk")
        blogs = [(str(pk), headline) for pk, headline in recent.values_list("pk", "headline")[:RECENT_BLOGS]]
        value = self.value()
        if value is not None and whole_number(value) is not None and value not in dict(blogs):
            blogs += [(value, blog.headline) for blog in readable.filter(pk=int(value))]
        return blogs

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if not value:
            return queryset
        pk = whole_number(value)
        return queryset.none() if pk is None else queryset.filter(**{self.lookup: pk})


class BlogOfUpdateFilter(BlogFilter):
    lookup = "update__blog"


class LeadsToFilter(admin.SimpleListFilter):
    """Filter related stories by the kind of target, or by the lack of one."""

    title = _("where it leads")
    parameter_name = "leads"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("nowhere", str(_("Nowhere yet"))),
            ("url", str(_("A web address"))),
            ("blog", str(_("Another live blog"))),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RelatedStory]) -> QuerySet[RelatedStory]:
        match self.value():
            case "nowhere":
                assert isinstance(queryset, RelatedStoryQuerySet)
                return queryset.unresolved()
            case "url":
                return queryset.exclude(url="")
            case "blog":
                return queryset.filter(live_blog__isnull=False)
        return queryset
