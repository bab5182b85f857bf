"""The API's answers: lists and details of what is public, and what follows a number."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from liveblog import payloads
from liveblog.api import filters, serializers
from liveblog.api.answers import PublicView
from liveblog.api.problems import AheadOfLog, Gone
from liveblog.api.schema import described
from liveblog.models import Change, LiveBlog, RelatedStory, Topic, Update

BATCH: Final = 100
MAX_NUMBER: Final = 2**31 - 1
_SLUG: Final = OpenApiParameter("slug", filters.SLUG, OpenApiParameter.PATH, description="Of the live blog.")
_ID: Final = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Of the update.")


class Root(PublicView, APIView):
    """Where everything is."""

    @described("What there is", serializers.RootSerializer, operation_id="root", tags=["root"])
    def get(self, request: Request) -> Response:
        blogs, updates = _url(request, "blogs"), _url(request, "updates")
        return Response(
            {
                "blogs": blogs,
                "blog": blogs + "{slug}/",
                "blog_updates": blogs + "{slug}/updates/",
                "blog_changes": blogs + "{slug}/changes/{?after}",
                "updates": updates,
                "update": updates + "{id}/",
                "related_stories": _url(request, "related_stories"),
                "topics": _url(request, "topics"),
                "schema": _url(request, "schema"),
                "docs": _url(request, "docs"),
            }
        )


class Blogs(PublicView, ListAPIView):
    """Live blogs that run or have ended, the newest first."""

    queryset = LiveBlog.objects.public().complete()
    serializer_class = serializers.BlogSerializer
    filterset_class = filters.BlogFilters

    @described("List live blogs", serializers.BlogSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.list(request)


class Blog(PublicView, RetrieveAPIView):
    """One live blog's whole visible state, without its updates."""

    queryset = LiveBlog.objects.public().complete()
    serializer_class = serializers.BlogSerializer
    lookup_field = "slug"
    pagination_class = None

    @described("Get a live blog", serializers.BlogSerializer, 404, 410, parameters=[_SLUG])
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.is_known(find_blog(slug)) or self.retrieve(request)


class UpdatesOfBlog(PublicView, ListAPIView):
    """A live blog's updates in the order in which they were made, the newest first.

    A withdrawn update is listed as its tombstone. `order` gives the order of the page.
    """

    queryset = Update.objects.visible().complete()
    serializer_class = serializers.UpdateSerializer
    filterset_class = filters.UpdatesOfBlogFilters

    @described(
        "List the updates of a live blog",
        serializers.UpdateSerializer(many=True),
        404,
        410,
        parameters=[_SLUG],
    )
    def get(self, request: Request, slug: str) -> Response:
        self.blog = find_blog(slug)
        return self.list(request)

    def filter_queryset(self, queryset: QuerySet[Update]) -> QuerySet[Update]:
        return super().filter_queryset(queryset.filter(blog=self.blog))


class Updates(PublicView, ListAPIView):
    """The updates of all live blogs, in the order in which they were made, the newest first."""

    queryset = Update.objects.visible().filter(blog__in=LiveBlog.objects.public()).complete()
    serializer_class = serializers.UpdateSerializer
    filterset_class = filters.UpdateFilters

    @described("List updates", serializers.UpdateSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.list(request)


class OneUpdate(PublicView, RetrieveAPIView):
    """One update, to read."""

    queryset = Update.objects.published().filter(blog__in=LiveBlog.objects.public()).complete()
    serializer_class = serializers.UpdateSerializer
    pagination_class = None

    @described("Get an update", serializers.PublishedUpdateSerializer, 404, 410, parameters=[_ID])
    def get(self, request: Request, pk: int) -> HttpResponse:
        known = Update.objects.visible().select_related("blog").filter(pk=pk).first()
        if known is None:
            raise Http404
        _check_readable(known.blog)
        if known.is_withdrawn:
            raise Gone("This update was withdrawn.")
        return self.is_known(known.blog) or self.retrieve(request)


class RelatedStories(PublicView, ListAPIView):
    """Links to other coverage, beside a live blog or in one of its updates, the newest first."""

    queryset = (
        RelatedStory.objects.annotate(home=Coalesce("blog_id", "update__blog_id"))
        .filter(
            Q(update__isnull=True) | Q(update__status=Update.Status.PUBLISHED),
            home__in=LiveBlog.objects.public().values("pk"),
        )
        .select_related("blog", "update__blog", "live_blog")
    )
    serializer_class = serializers.RelatedStorySerializer
    filterset_class = filters.RelatedStoryFilters

    @described("List related stories", serializers.RelatedStorySerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.list(request)


class Topics(PublicView, ListAPIView):
    """The topics that live blogs are filed under, the newest first."""

    queryset = Topic.objects.filter(blogs__in=LiveBlog.objects.public()).distinct()
    serializer_class = serializers.TopicSerializer

    @described("List topics", serializers.TopicSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.list(request)


class Changes(PublicView, APIView):
    """What follows number `after` in a live blog's log.

    That is the blog's present state, the latest state of each update that changed, and the log itself. Put
    `updates` in place of what you have, then ask again with `after=number`: at once while `has_more`, else
    whenever you like. It is never too late to ask; `after=0` gives everything.
    """

    query_names = frozenset({"after"})
    is_poll = True

    @described(
        "Follow a live blog",
        serializers.ChangesSerializer,
        404,
        409,
        410,
        operation_id="blogs_changes",
        parameters=[
            _SLUG,
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER},
                required=True,
                description="The last number that you know.",
            ),
        ],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        after = _number(request.query_params.get("after", ""))
        # The number is read here, before any other row: an answer may know more than it says, never less.
        blog = find_blog(slug)
        if after > blog.number:
            raise AheadOfLog(blog.number)
        return self.is_known(blog) or Response(_following(blog, after))


def _following(blog: LiveBlog, after: int) -> dict[str, Any]:
    last = min(after + BATCH, blog.number)
    said: dict[str, Any] = {"number": last, "has_more": last < blog.number}
    if after == last:
        return said | {"blog": None, "updates": [], "changes": []}
    updates = Update.objects.filter(blog=blog).changed_within(after, last).complete()
    changes = Change.objects.filter(blog=blog).after(after).filter(number__lte=last)
    return said | {
        "blog": payloads.blog(LiveBlog.objects.complete().get(pk=blog.pk)),
        "updates": serializers.UpdateSerializer(updates, many=True).data,
        "changes": serializers.ChangeSerializer(changes, many=True).data,
    }


def find_blog(slug: str) -> LiveBlog:
    """A public blog's row. Raises Gone for a withdrawn one, and Http404 for what readers do not know of."""
    blog = LiveBlog.objects.filter(slug=slug).first()
    if blog is None:
        raise Http404
    _check_readable(blog)
    return blog


def _check_readable(blog: LiveBlog) -> None:
    if blog.status == LiveBlog.Status.WITHDRAWN:
        raise Gone("This live blog was withdrawn.")
    if not blog.is_public:
        raise Http404


def _number(named: str) -> int:
    if named.isascii() and named.isdecimal() and len(named) <= 10 and int(named) <= MAX_NUMBER:
        return int(named)
    raise ValidationError({"after": ["Give the last number that you know; 0 gives everything."]})


def _url(request: Request, name: str) -> str:
    return reverse(f"api:{name}", request=request)
