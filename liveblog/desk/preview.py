"""Previews of the composer's text in the readers' own template, in each edition.

A preview shows unapproved copy, so it is a sandboxed page with an opaque origin: its scripts, forms and
pop-ups do not work, and it cannot reach the editor's session.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from liveblog import publishing
from liveblog.desk import composer
from liveblog.desk.access import desk_view, refused, said_by, wants_json
from liveblog.desk.composer import ComposerForm
from liveblog.models import Image, LiveBlog, Revision, Update
from liveblog.models.update import UpdateQuerySet
from liveblog.presentation import reading
from liveblog.presentation.editions import has_edition
from liveblog.presentation.timeline import days
from liveblog.presentation.views import BlogTitle, UpdateView
from liveblog.publishing import Content
from liveblog.publishing.stories import story_rows
from newsroom import csp
from newsroom.pictures import MEDIA_TYPES

# How long the signed URLs of a preview's pictures stay valid.
_PICTURES_LAST: Final = timedelta(minutes=10)
# The number of older updates that the preview shows below the one in the composer.
MOST_OLDER: Final = 2
_signer: Final = TimestampSigner(salt="liveblog.desk.preview")


@csp.sandboxed
@desk_view
@require_POST
def preview(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Show the update on the readers' page, between its neighbours, without saving it.

    `edition` is a language; empty means the live blog's own.
    """
    try:
        return _shown(request, blog)
    except ValidationError as refusal:
        if wants_json(request):
            return refused(request, blog, refusal)
        # The admin's error page has scripts, which must not run in the frame.
        reason = " ".join(line for lines in said_by(refusal).values() for line in lines)
        context = {"title": _("That was not possible"), "reason": reason}
        return render(request, "_failure.html", context, status=422)


@require_safe
@never_cache
def picture(
    request: HttpRequest, pk: int, signature: str, key: str, width: int, extension: str
) -> HttpResponse:
    """Serve a picture of a preview, authorized by a signature that lasts a few minutes.

    The preview has an opaque origin, so the browser sends no session cookie with requests for its pictures.
    """
    try:
        signed_key = _signer.unsign(signature, max_age=_PICTURES_LAST)
    except BadSignature as error:
        raise Http404 from error
    if signed_key != key or extension not in MEDIA_TYPES:
        raise Http404
    image = get_object_or_404(Image, key=key)
    try:
        with publishing.open_private(image, width, extension) as rendition:
            response = HttpResponse(rendition.read(), content_type=MEDIA_TYPES[extension])
            # To the browser, the preview's opaque origin is another site.
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            return response
    except FileNotFoundError as error:
        raise Http404 from error


def _shown(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    edition = request.POST.get("edition", "")
    if edition and not has_edition(blog, edition):
        raise ValidationError(_("This live blog is not available in that script."))
    form = ComposerForm(request.POST, request.FILES)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    saved = Update.objects.filter(blog=blog, pk=form.cleaned_data["update"] or 0).first()
    content = composer.content_of(form, request, saved).checked(blog.language, may_be_empty=True)
    title = reading.title_of(reading.head_in(blog, edition or None))
    update = _as_published(title, content, saved)
    with translation.override(title.language):
        context = {
            "blog": title,
            "days": days(title, [*_newer(title, update), update, *_older(title, update)]),
            "is_converted": bool(edition),
            "lang": title.lang,
        }
        return render(request, "desk/preview.html", context)


def _as_published(blog: BlogTitle, content: Content, saved: Update | None) -> UpdateView:
    """Return the update as readers would see it, with the private renditions of its pictures."""
    row = Update(pk=saved.pk if saved else 0, blog=blog.row, status=Update.Status.PUBLISHED)
    replace(content, happened_at=content.happened_at or timezone.now()).set_on(row)
    corrections = Revision.objects.filter(update=saved, kind=Revision.Kind.CORRECTION).order_by("-pk")
    parts = reading.Parts(
        bylines=content.bylines,
        images=content.images,
        stories=story_rows(content.stories, update=row),
        corrections=corrections if saved else (),
    )
    return _with_private_pictures(blog, reading.update_of(blog, row, parts), content.images)


def _newer(blog: BlogTitle, update: UpdateView) -> list[UpdateView]:
    """Return the update that readers see before this one, if any."""
    rows = _beside(blog, update).filter(happened_at__gt=update.happened_at).order_by("happened_at", "pk")
    return _read(blog, rows[:1])


def _older(blog: BlogTitle, update: UpdateView) -> list[UpdateView]:
    rows = _beside(blog, update).filter(happened_at__lte=update.happened_at).newest_first()
    return _read(blog, rows[:MOST_OLDER])


def _beside(blog: BlogTitle, update: UpdateView) -> UpdateQuerySet:
    return Update.objects.filter(blog=blog.row).visible().exclude(pk=update.pk).complete()


def _read(blog: BlogTitle, rows: Iterable[Update]) -> list[UpdateView]:
    rows = list(rows)
    return [
        _with_private_pictures(blog, view, [placed.image for placed in row.update_images.all()])
        for row, view in zip(rows, reading.updates(blog, rows), strict=True)
    ]


def _with_private_pictures(blog: BlogTitle, update: UpdateView, images: Iterable[Image]) -> UpdateView:
    # The public renditions exist only while a public page shows the picture.
    private_images = (
        replace(view, base_url=_private_base(blog, image))
        for view, image in zip(update.images, images, strict=False)
    )
    return replace(update, images=tuple(private_images))


def _private_base(blog: BlogTitle, image: Image) -> str:
    address = reverse("desk:preview_picture", args=[blog.pk, _signer.sign(image.key), image.key, 0, "webp"])
    return address.removesuffix("0.webp")
