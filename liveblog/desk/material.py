"""Material for an update beside its text: uploaded pictures, and live blogs to link as related stories."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from liveblog import publishing, visibility
from liveblog.desk.access import desk_view
from liveblog.models import Image, LiveBlog
from newsroom.sign_in import user_of
from newsroom.text import html

LEAST_CHARACTERS, MOST_CHARACTERS = 3, 250
FOUND = 8
_FIELDS: Final = ("alt", "credit", "caption", "focal_column", "focal_row", "is_sensitive")
_EDITED_WIDTH: Final = 640


@desk_view
@require_POST
def add_picture(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Save an uploaded picture. It stays private until an update that shows it is public."""
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError({"file": _("Choose a picture first.")})
    details = _details(request)
    with publishing.prepare_image(file, by=user_of(request)) as prepared:
        image = publishing.add_image(prepared, by=user_of(request), uploaded_for=blog, **details)
    return _item(request, image)


@desk_view
@require_http_methods(["GET", "POST"])
def edit_picture(request: HttpRequest, blog: LiveBlog, image_pk: int) -> HttpResponse:
    """Return the details of a picture, to edit them; save its texts and its focal point on POST."""
    image = get_object_or_404(visibility.readable_images(user_of(request)), pk=image_pk)
    if request.method == "GET":
        width = min(image.widths, key=lambda width: abs(width - _EDITED_WIDTH))
        address = reverse("admin:liveblog_image_rendition", args=[image.key, width, "webp"])
        fields = {name: getattr(image, name) for name in _FIELDS}
        return JsonResponse(fields | {"url": address, "seen": publishing.row_fingerprint(image)})
    seen = request.POST.get("seen", "")
    return _item(request, publishing.edit_image(image, by=user_of(request), seen=seen, **_details(request)))


def _details(request: HttpRequest) -> dict[str, Any]:
    """Return the posted texts, focal point and sensitivity. Raise ValidationError without a description."""
    alt = html.stripped(request.POST.get("alt", ""))
    if not alt:
        raise ValidationError({"alt": _("Say what the picture shows, for readers who do not see it.")})
    return {
        "alt": alt,
        "credit": request.POST.get("credit", ""),
        "caption": request.POST.get("caption", ""),
        "focal_column": _cell(request, "focal_column"),
        "focal_row": _cell(request, "focal_row"),
        "is_sensitive": request.POST.get("is_sensitive") == "on",
    }


def _item(request: HttpRequest, image: Image) -> HttpResponse:
    item = render_to_string("desk/_picture.html", {"image": image}, request)
    return JsonResponse({"id": image.pk, "html": item})


def _cell(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "2")
    return int(value) if value in ("0", "1", "2", "3", "4") else 2


@desk_view
@require_GET
def find_stories(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Return live blogs whose headline, kicker or slug contains `q`, which needs at least three characters.

    The title of a chosen live blog is shown to everybody who reads this one. So omit embargoed live blogs
    unless this one is embargoed too, and another team's live blogs unless they are public.
    """
    query = html.stripped(request.GET.get("q", ""))
    if not LEAST_CHARACTERS <= len(query) <= MOST_CHARACTERS:
        return JsonResponse({"stories": []})
    others = visibility.linkable(user_of(request)).exclude(pk=blog.pk)
    if blog.embargo_until_at is None:
        others = others.filter(embargo_until_at__isnull=True)
    matches = (
        others.exclude(status=LiveBlog.Status.WITHDRAWN)
        .filter(Q(headline__icontains=query) | Q(kicker__icontains=query) | Q(slug__icontains=query))
        .order_by("-created_at", "-pk")[:FOUND]
    )
    return JsonResponse(
        {
            "stories": [
                {"slug": row.slug, "title": row.full_headline, "status": row.get_status_display()}
                for row in matches
            ]
        }
    )
