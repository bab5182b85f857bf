"""API views: lists and details for reading, and verbs for partners."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog import visibility
from liveblog.api import entry, filters, serializers, writing
from liveblog.api.answers import ListView, PublicView
from liveblog.api.describing import ID, SLUG, described, described_write
from liveblog.api.finding import find_blog, find_update, whole_update
from liveblog.api.keys import open_blogs, viewer_of
from liveblog.models import LiveBlog, RelatedStory, Topic, Update
from liveblog.presentation import payloads, reading
from liveblog.presentation.addresses import whole_blog
from liveblog.presentation.editions import edition_in
from liveblog.presentation.views import BlogView, StoryView, TopicView, UpdateView
from newsroom.site import absolute


class Root(PublicView):
    """Links to all resources of this API."""

    @described("What there is", serializers.RootSerializer, operation_id="root", tags=["root"])
    def get(self, request: Request) -> Response:
        blogs, updates = _url("blogs"), _url("updates")
        return Response(
            {
                "blogs": blogs,
                "blog": blogs + "{slug}/",
                "blog_updates": blogs + "{slug}/updates/",
                "blog_changes": blogs + "{slug}/changes/{?after}",
                "updates": updates,
                "update": updates + "{id}/",
                "related_stories": _url("related_stories"),
                "topics": _url("topics"),
                "search": _url("search") + "{?q}",
                "blog_ninjs": blogs + "{slug}/ninjs/",
                "update_ninjs": updates + "{id}/ninjs/",
                "schema": _url("schema"),
                "docs": _url("docs"),
            }
        )


class Blogs(ListView):
    """Live blogs that are running or have ended, newest first."""

    serializer_class = serializers.BlogSerializer
    filterset_class = filters.BlogFilters
    field_names = serializers.names_of(serializers.BlogSerializer)

    @described("List live blogs", serializers.BlogSerializer(many=True), 404)
    def get(self, request: Request) -> HttpResponse:
        return self.list_by_state(request)

    def get_queryset(self) -> QuerySet[LiveBlog]:
        return open_blogs(self.request).complete()

    def read(self, rows: list[LiveBlog]) -> list[BlogView]:
        return reading.blogs(rows, self.edition)


class Blog(PublicView):
    """One live blog with everything that its page shows, except its updates."""

    has_editions = True
    field_names = serializers.names_of(serializers.BlogSerializer)

    @described("Get a live blog", serializers.BlogSerializer, 404, 410, parameters=[SLUG])
    def get(self, request: Request, slug: str) -> HttpResponse:
        blog = find_blog(request, slug, self.edition)
        viewer = viewer_of(request)
        return self.is_known(blog) or Response(self.sparse(payloads.blog(whole_blog(viewer, blog))))


class UpdatesOfBlog(ListView):
    """A live blog's updates in order of creation, newest first.

    A withdrawn update is listed as its tombstone. `order` gives the order of the page.
    """

    queryset = Update.objects.visible().complete()
    serializer_class = serializers.UpdateSerializer
    filterset_class = filters.UpdatesOfBlogFilters
    field_names = serializers.names_of(serializers.UpdateSerializer)

    @described(
        "List the updates of a live blog",
        serializers.UpdateSerializer(many=True),
        404,
        410,
        parameters=[SLUG],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        self.blog = find_blog(request, slug, self.edition)
        # Refuse invalid filters even if the response would be a 304.
        self.filter_queryset(self.get_queryset())
        return self.is_known(self.blog) or self.list(request)

    @described_write(
        "Write an update",
        entry.UpdateEntry,
        201,
        description=(
            "In a granted live blog: as a draft (scope `write:draft`), or for readers at once"
            " (`write:publish`)."
        ),
        operation_id="blogs_updates_create",
        parameters=[SLUG],
    )
    def post(self, request: Request, slug: str) -> Response:
        return writing.add_update(request, slug)

    def filter_queryset(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return super().filter_queryset(queryset.filter(blog=self.blog.pk))

    def read(self, rows: list[Update]) -> list[UpdateView]:
        return reading.mixed_updates(rows, edition_in(self.edition))


class Updates(ListView):
    """The updates of all live blogs in order of creation, newest first."""

    serializer_class = serializers.UpdateSerializer
    filterset_class = filters.UpdateFilters
    field_names = serializers.names_of(serializers.UpdateSerializer)

    @described("List updates", serializers.UpdateSerializer(many=True), 404)
    def get(self, request: Request) -> HttpResponse:
        return self.list_by_state(request)

    def get_queryset(self) -> QuerySet[Update]:
        return visibility.readable_updates(viewer_of(self.request)).complete()

    def read(self, rows: list[Update]) -> list[UpdateView]:
        return reading.mixed_updates(rows, edition_in(self.edition))


class OneUpdate(PublicView):
    """One update."""

    has_editions = True
    field_names = serializers.names_of(serializers.PublishedUpdateSerializer)

    @described("Get an update", serializers.PublishedUpdateSerializer, 404, 410, parameters=[ID])
    def get(self, request: Request, pk: int) -> HttpResponse:
        head = find_update(request, pk, self.edition)
        return self.is_known(head.blog) or Response(self.sparse(payloads.update(whole_update(head))))

    @described_write(
        "Change an update",
        entry.ChangeEntry,
        description=(
            "An update that the key's partner created: a draft (scope `write:draft`), or one that readers see"
            " (`write:publish`). With a `note`, which readers see, it is a correction."
        ),
        operation_id="updates_change",
        parameters=[ID],
    )
    def patch(self, request: Request, pk: int) -> Response:
        return writing.change_update(request, pk)


class Withdrawal(PublicView):
    """Withdrawal of an update."""

    @described_write(
        "Withdraw an update",
        entry.WithdrawalEntry,
        description=(
            "An update that the key's partner published (scope `write:publish`). "
            "Readers see a tombstone in its place."
        ),
        operation_id="updates_withdraw",
        parameters=[ID],
    )
    def post(self, request: Request, pk: int) -> Response:
        return writing.withdraw_update(request, pk)


class RelatedStories(ListView):
    """Links to other coverage, from live blogs and their updates, newest first."""

    serializer_class = serializers.RelatedStorySerializer
    filterset_class = filters.RelatedStoryFilters
    field_names = serializers.names_of(serializers.RelatedStorySerializer)

    @described("List related stories", serializers.RelatedStorySerializer(many=True), 404)
    def get(self, request: Request) -> HttpResponse:
        return self.list_by_state(request)

    def get_queryset(self) -> QuerySet[RelatedStory]:
        rows = visibility.readable_stories(viewer_of(self.request))
        return rows.select_related("blog", "update__blog", "live_blog")

    def read(self, rows: list[RelatedStory]) -> list[tuple[RelatedStory, StoryView]]:
        return list(zip(rows, reading.stories(rows, self.edition), strict=True))


class Topics(ListView):
    """The topics of live blogs, newest first."""

    serializer_class = serializers.TopicSerializer
    field_names = serializers.names_of(serializers.TopicSerializer)

    @described("List topics", serializers.TopicSerializer(many=True), 404)
    def get(self, request: Request) -> HttpResponse:
        return self.list_by_state(request)

    def get_queryset(self) -> QuerySet[Topic]:
        return filters.open_topics(self.request)

    def read(self, rows: list[Topic]) -> list[TopicView]:
        return reading.topics(rows, self.edition)


class Search(ListView):
    """Published updates that contain `q`, in order of creation, newest first.

    Traditional and Simplified Chinese match each other. To search the headlines, standfirsts and summaries of
    live blogs, use `blogs/?q=`.
    """

    serializer_class = serializers.ResultSerializer
    filterset_class = filters.SearchFilters
    field_names = serializers.names_of(serializers.ResultSerializer)

    @described("Search", serializers.ResultSerializer(many=True), 404, operation_id="search")
    def get(self, request: Request) -> HttpResponse:
        return self.list_by_state(request)

    def get_queryset(self) -> QuerySet[Update]:
        return visibility.readable_updates(viewer_of(self.request)).published().complete()

    def read(self, rows: list[Update]) -> list[UpdateView]:
        return reading.mixed_updates(rows, edition_in(self.edition))


def _url(name: str) -> str:
    return absolute(reverse(f"api:{name}"))
