"""A plain Django REST Framework API of updates with their related rows, as in a tutorial."""

from __future__ import annotations

from django.urls import include, path
from rest_framework import routers, serializers, viewsets
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from liveblog.models import Byline, Image, RelatedStory, Revision, Update

PAGE_SIZE = 20


class BylineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Byline
        fields = ["name", "role"]


class ImageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Image
        fields = ["id", "key", "width", "height", "alt", "caption", "credit", "is_sensitive"]


class StorySerializer(serializers.ModelSerializer):
    class Meta:
        model = RelatedStory
        fields = ["id", "title", "url", "after_block"]


class RevisionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Revision
        fields = ["at", "note"]


class UpdateSerializer(serializers.ModelSerializer):
    bylines = BylineSerializer(many=True)
    images = ImageSerializer(many=True)
    related_stories = StorySerializer(many=True)
    revisions = RevisionSerializer(many=True)

    class Meta:
        model = Update
        fields = [
            *("id", "blog", "number", "status", "heading", "body", "happened_at", "has_clock_time", "source"),
            *("is_key_event", "verification", "first_published_at", "modified_at", "withdrawn_at"),
            *("bylines", "images", "related_stories", "revisions"),
        ]


class Pages(CursorPagination):
    page_size = PAGE_SIZE
    ordering = ["-happened_at", "-pk"]


class Updates(viewsets.ReadOnlyModelViewSet[Update]):
    queryset = Update.objects.filter(status="published").prefetch_related(
        "bylines", "images", "related_stories", "revisions"
    )
    serializer_class = UpdateSerializer
    pagination_class = Pages
    renderer_classes = [JSONRenderer]
    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    versioning_class = None
    filter_backends = []

    def get_queryset(self):
        request: Request = self.request
        blog = request.query_params.get("blog")
        return self.queryset.filter(blog=blog) if blog else self.queryset.all()


router = routers.SimpleRouter()
router.register("updates", Updates)
urlpatterns = [path("", include(router.urls))]
