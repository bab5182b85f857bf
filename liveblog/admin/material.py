"""Topics, bylines and related stories in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from liveblog import publishing, visibility
from liveblog.admin.filters import LeadsToFilter
from liveblog.admin.inlines import name_of_link
from liveblog.admin.reading import FieldNames, TeamAdmin, is_linkable
from liveblog.admin.saving import SharedAdmin, VerbForm
from liveblog.models import Byline, RelatedStory, Topic
from newsroom.sign_in import user_of


@admin.register(Topic)
class TopicAdmin(SharedAdmin):
    list_display = ["name", "slug", "blog_count"]
    search_fields = ["name", "slug"]
    ordering = ["name", "pk"]
    fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        blog_count = Count("blogs", filter=Q(blogs__in=visibility.readable(user_of(request))))
        rows: QuerySet[Topic] = super().get_queryset(request).annotate(blog_count=blog_count)
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        return ["slug"] if obj else []

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Topic | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("name",)}

    def view_on_site(self, topic: Topic) -> str:
        """Return only the path, because Django's own link would trust the request's Host header."""
        return topic.get_absolute_url()

    @admin.display(description=_("live blogs"), ordering="blog_count")
    def blog_count(self, topic: Topic) -> int:
        return topic.blog_count

    def save_by_verb(
        self, request: HttpRequest, form: VerbForm, rows: dict[str, Any], *, change: bool
    ) -> Topic:
        topic: Topic = form.instance
        if not change:
            return publishing.add_topic(by=user_of(request), **form.cleaned_data)
        if not form.has_changed():
            return topic
        return publishing.edit_topic(topic, by=user_of(request), **form.cleaned_data)


@admin.register(Byline)
class BylineAdmin(SharedAdmin):
    list_display = ["name", "role", "update_count"]
    search_fields = ["name", "role"]
    ordering = ["name", "pk"]
    fields = ["name", "role"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Byline]:
        readable = visibility.readable(user_of(request))
        update_count = Count("updates", filter=Q(updates__blog__in=readable))
        rows: QuerySet[Byline] = super().get_queryset(request).annotate(update_count=update_count)
        return rows

    @admin.display(description=_("updates"), ordering="update_count")
    def update_count(self, byline: Byline) -> int:
        return byline.update_count

    def save_by_verb(
        self, request: HttpRequest, form: VerbForm, rows: dict[str, Any], *, change: bool
    ) -> Byline:
        byline: Byline = form.instance
        if not change:
            return publishing.add_byline(by=user_of(request), **form.cleaned_data)
        if not form.has_changed():
            return byline
        return publishing.edit_byline(byline, by=user_of(request), **form.cleaned_data)


@admin.register(RelatedStory)
class RelatedStoryAdmin(TeamAdmin, SharedAdmin):
    """Admin for finding related stories and giving them an address.

    They are added in the update or live blog that prints them.
    """

    list_display = ["title", "leads_to", "place", "live_blog_of_place"]
    list_select_related = ["live_blog", "blog", "update__blog"]
    list_filter = [LeadsToFilter]
    search_fields = ["title", "url", "blog__headline", "update__heading"]
    autocomplete_fields = ["live_blog"]
    readonly_fields = ["shown_live_blog", "place", "after_block"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RelatedStory]:
        is_shown = is_linkable(user_of(request), "live_blog")
        rows: QuerySet[RelatedStory] = super().get_queryset(request).annotate(is_link_shown=is_shown)
        return rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> FieldNames:
        seen = self.fingerprint_fields(request, obj)
        link = "live_blog" if seen else "shown_live_blog"
        return ["title", "url", link, "place", "after_block", *seen]

    @admin.display(description=_("other live blog"))
    def shown_live_blog(self, story: RelatedStory) -> str:
        return name_of_link(story)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RelatedStory | None = None) -> bool:
        may_change_some = super().has_change_permission(request, obj)
        # Let posts through, so that the verb can refuse them with a reason.
        if obj is None or request.method == "POST" or not may_change_some:
            return may_change_some
        return visibility.can_read(user_of(request), obj.printed_in)

    @admin.display(description=_("leads to"))
    def leads_to(self, story: RelatedStory) -> str:
        return name_of_link(story) or story.url or str(_("Nowhere yet"))

    @admin.display(description=_("where it stands"))
    def place(self, story: RelatedStory) -> str:
        name, row = ("update", story.update) if story.update else ("liveblog", story.printed_in)
        url = reverse(f"admin:liveblog_{name}_change", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, row)

    @admin.display(description=_("live blog"))
    def live_blog_of_place(self, story: RelatedStory) -> str:
        return str(story.printed_in)

    def save_by_verb(
        self, request: HttpRequest, form: VerbForm, rows: dict[str, Any], *, change: bool
    ) -> RelatedStory:
        story: RelatedStory = form.instance
        if not form.has_changed():
            return story
        return publishing.edit_story(story, by=user_of(request), **form.cleaned_data)
