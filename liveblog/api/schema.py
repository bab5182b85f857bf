"""The API described: OpenAPI 3.1, and its page, which runs from our own static files under the strict CSP."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from liveblog.api import serializers
from liveblog.api.answers import PublicView
from liveblog.api.problems import CONTENT_TYPE

_PROBLEMS: Final = {
    400: "A parameter is unknown, or its value means nothing.",
    404: "There is nothing at this address.",
    406: "No such format.",
    409: "The log has not reached this number.",
    410: "It was withdrawn.",
}


def described(summary: str, serializer: type[Serializer], *problems: int, **more: Any) -> Any:
    """Describe a view's `get`. `problems` are those beside the ones that every operation has."""
    responses: dict[Any, Any] = {
        200: serializer,
        304: OpenApiResponse(description="Nothing changed since the ETag in `If-None-Match`."),
    }
    for status in sorted({400, 406, *problems}):
        responses[status, CONTENT_TYPE] = OpenApiResponse(
            serializers.ProblemSerializer, description=_PROBLEMS[status]
        )
    return extend_schema(summary=summary, responses=responses, **more)


class EitherUpdate(OpenApiSerializerExtension):
    """`status` tells an update to read from a tombstone."""

    target_class = serializers.UpdateSerializer

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        either = {
            "published": _component(auto_schema, serializers.PublishedUpdateSerializer, direction),
            "withdrawn": _component(auto_schema, serializers.TombstoneSerializer, direction),
            "unpublished": _component(auto_schema, serializers.UnpublishedUpdateSerializer, direction),
        }
        return {
            "oneOf": [component.ref for component in either.values()],
            "discriminator": {
                "propertyName": "status",
                "mapping": {status: component.ref["$ref"] for status, component in either.items()},
            },
        }


def _component(auto_schema: AutoSchema, serializer: type[Serializer], direction: str) -> ResolvedComponent:
    return auto_schema.resolve_serializer(serializer, direction)


@cache
def document() -> dict[str, Any]:
    """The description, which changes only with the code."""
    return SchemaGenerator().get_schema(request=None, public=True)


class Schema(PublicView, APIView):
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(document())


class Docs(PublicView, SpectacularSwaggerSplitView):
    """Swagger UI. Our templates for it have no inline style, and no CSRF token, which would set a cookie."""

    renderer_classes = SpectacularSwaggerSplitView.renderer_classes
    query_names = frozenset({"script"})
    url_name = "api:schema"
    template_name = "rest_framework/docs.html"
    template_name_js = "rest_framework/docs.js"
