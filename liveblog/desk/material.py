"""What goes into an update beside its text: pictures that are uploaded, and stories of our own to link."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from liveblog import publishing, visibility
from liveblog.desk.access import desk_view
from liveblog.models import LiveBlog
from newsroom import html

LEAST_CHARACTERS, MOST_CHARACTERS = 3, 250
FOUND = 8


@desk_view
@require_POST
def add_picture(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Keep an uploaded picture. It stays private until an update that shows it is public."""
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError({"file": _("Choose a picture first.")})
    alt = html.printable(request.POST.get("alt", "")).strip()
    if not alt:
        raise ValidationError({"alt": _("Say what the picture shows, for readers who do not see it.")})
    with publishing.prepare_image(file, by=request.user) as prepared:
        image = publishing.add_image(
            prepared,
            by=request.user,
            alt=alt,
            credit=request.POST.get("credit", ""),
            caption=request.POST.get("caption", ""),
            focal_column=_cell(request, "focal_column"),
            focal_row=_cell(request, "focal_row"),
            is_sensitive=request.POST.get("is_sensitive") == "on",
            uploaded_for=blog,
        )
    item = render_to_string("desk/_picture.html", {"image": image}, request)
    return JsonResponse({"id": image.pk, "html": item})


def _cell(request: HttpRequest, name: str) -> int:
    named = request.POST.get(name, "2")
    return int(named) if named in ("0", "1", "2", "3", "4") else 2


@desk_view
@require_GET
def find_stories(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Live blogs of our own whose headline, kicker or address has `q`, from three characters on.

    None under embargo beside one that is under none, and none of another team that is not public: the title
    of what is chosen is printed to everybody who reads this one.
    """
    asked = html.printable(request.GET.get("q", "")).strip()
    if not LEAST_CHARACTERS <= len(asked) <= MOST_CHARACTERS:
        return JsonResponse({"found": []})
    others = visibility.linkable(request.user).exclude(pk=blog.pk)
    if blog.embargo_until_at is None:
        others = others.filter(embargo_until_at__isnull=True)
    found = (
        others.exclude(status=LiveBlog.Status.WITHDRAWN)
        .filter(Q(headline__icontains=asked) | Q(kicker__icontains=asked) | Q(slug__icontains=asked))
        .order_by("-created_at", "-pk")[:FOUND]
    )
    return JsonResponse(
        {
            "found": [
                {"slug": row.slug, "title": row.full_headline, "status": row.get_status_display()}
                for row in found
            ]
        }
    )
