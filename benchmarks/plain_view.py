"""A plain Django view and template that show the newest 20 updates of a live blog with everything in them.

It is written as in a tutorial: a row, its related rows prefetched, a template with loops. It has Django's
usual middleware and keeps nothing.
"""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template import Context, Template
from django.urls import path

from liveblog.models import LiveBlog

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
_PAGE = Template(Path(__file__).with_suffix(".html").read_text())


def blog(request: HttpRequest, slug: str) -> HttpResponse:
    row = get_object_or_404(LiveBlog.objects.prefetch_related("bylines", "topics"), slug=slug, status="live")
    updates = row.updates.filter(status="published").order_by("-happened_at", "-pk")
    related = ("update_bylines__byline", "update_images__image", "related_stories", "revisions")
    return HttpResponse(
        _PAGE.render(Context({"blog": row, "updates": updates.prefetch_related(*related)[:20]}))
    )


urlpatterns = [
    path("live/<slug:slug>/", blog),
    path("live/<slug:slug>/<int:pk>/", blog, name="update"),
    path("topics/<slug:slug>/", blog, name="topic"),
]
