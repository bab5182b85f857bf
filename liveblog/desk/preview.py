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

from liveblog import editions, publishing
from liveblog.desk import composer
from liveblog.desk.access import desk_view, refused, said_by, wants_json
from liveblog.desk.composer import ComposerForm
from liveblog.models import Image, LiveBlog, Revision, Update, UpdateByline, UpdateImage
from liveblog.models.blog import Language
from liveblog.models.update import UpdateQuerySet
from liveblog.publishing import Content
from liveblog.publishing.stories import story_rows
from newsroom import csp
from newsroom.pictures import MEDIA_TYPES

# How long the signed URLs of a preview's pictures stay valid.
_PICTURES_LAST: Final = timedelta(minutes=10)
# How many older updates the preview shows below the one in the composer.
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
    if edition and not editions.has_edition(blog, edition):
        raise ValidationError(_("This live blog is not available in that script."))
    form = ComposerForm(request.POST, request.FILES)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    saved = Update.objects.filter(blog=blog, pk=form.cleaned_data["update"] or 0).first()
    content = composer.content_of(form, request, saved).checked(blog.language, may_be_empty=True)
    blog = LiveBlog.objects.complete().get(pk=blog.pk)
    editions.read_blog(blog, edition or None)
    update = _as_published(blog, content, saved)
    updates = [*_newer(blog, update), update, *_older(blog, update)]
    editions.read_updates(blog, updates)
    with translation.override(edition or blog.language):
        return render(
            request,
            "desk/preview.html",
            {
                "blog": blog,
                "updates": updates,
                "is_converted": bool(edition),
                "lang": Language(blog.language).tag,
            },
        )


def _as_published(blog: LiveBlog, content: Content, saved: Update | None) -> Update:
    """Return an unsaved update with everything that the readers' template reads from a published one."""
    update = Update(pk=saved.pk if saved else 0, blog=blog, status=Update.Status.PUBLISHED)
    replace(content, happened_at=content.happened_at or timezone.now()).set_on(update)
    stories = story_rows(content.stories, update=update)
    bylines = [UpdateByline(update=update, byline=byline) for byline in content.bylines]
    update_images = [UpdateImage(update=update, image=image) for image in content.images]
    for row in update_images:
        # The public renditions exist only while a public page shows the picture.
        row.image.private_base = _private_base(blog, row.image)
    vars(update)["_prefetched_objects_cache"] = {
        "related_stories": stories,
        "update_images": update_images,
        "update_bylines": bylines,
    }
    corrections = Revision.objects.filter(update=saved, kind=Revision.Kind.CORRECTION).order_by("-pk")
    update.corrections = list(corrections) if saved else []
    return update


def _newer(blog: LiveBlog, update: Update) -> list[Update]:
    """Return the update that readers see before this one, if any."""
    newer = _visible_beside(blog, update).newer_than(update).order_by("happened_at", "pk")
    return _with_private_pictures(blog, newer[:1])


def _older(blog: LiveBlog, update: Update) -> list[Update]:
    older = _visible_beside(blog, update).older_than(update).newest_first()
    return _with_private_pictures(blog, older[:MOST_OLDER])


def _visible_beside(blog: LiveBlog, update: Update) -> UpdateQuerySet:
    # A new update, which has no id yet, sorts before others of the same time.
    return Update.objects.filter(blog=blog).visible().exclude(pk=update.pk).complete()


def _with_private_pictures(blog: LiveBlog, updates: Iterable[Update]) -> list[Update]:
    updates = list(updates)
    for update in updates:
        for row in update.update_images.all():
            row.image.private_base = _private_base(blog, row.image)
    return updates


def _private_base(blog: LiveBlog, image: Image) -> str:
    address = reverse("desk:preview_picture", args=[blog.pk, _signer.sign(image.key), image.key, 0, "webp"])
    return address.removesuffix(image.rendition_path(0, "webp"))
