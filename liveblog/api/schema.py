"""The OpenAPI 3.1 description, and Swagger UI from our own static files under the strict CSP."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.urls import reverse_lazy
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog.api.answers import PublicView
from newsroom import csp


@cache
def document() -> dict[str, Any]:
    """Return the description. It is cached, because it changes only with the code."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


class Schema(PublicView):
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(document())


class Docs(PublicView, SpectacularSwaggerSplitView):
    """Swagger UI. Our templates for it have no inline style, and no CSRF token, which would set a cookie."""

    renderer_classes = SpectacularSwaggerSplitView.renderer_classes
    query_names = frozenset({"script"})
    url_name = "api:schema"
    # assignment: the library declares strings, and a lazy one is another type.
    url = reverse_lazy("api:schema")  # type: ignore[assignment]
    url_self = reverse_lazy("api:docs")  # type: ignore[assignment]
    template_name = "rest_framework/docs.html"
    template_name_js = "rest_framework/docs.js"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        # Allow this URL in the CSP, because the view also serves the page's second script.
        csp.allow_script(request._request, request.path)
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return response
