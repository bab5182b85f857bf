"""How readers will see it: the composer's text in the readers' own template, in each edition."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liveblog import editions
from liveblog.desk import composer
from liveblog.desk.access import desk_view
from liveblog.desk.composer import ComposerForm
from liveblog.models import Image, LiveBlog, Revision, Update, UpdateByline, UpdateImage
from liveblog.models.blog import Language
from liveblog.publishing import Content
from liveblog.publishing.stories import story_rows


@desk_view
@require_POST
def preview(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """The update as readers would see it. Nothing is saved. `edition`: a language; empty: the blog's own."""
    edition = request.POST.get("edition", "")
    if edition and not editions.has_edition(blog, edition):
        raise ValidationError(_("This live blog is not read in that script."))
    form = ComposerForm(request.POST, request.FILES)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    saved = Update.objects.filter(blog=blog, pk=form.cleaned_data["update"] or 0).first()
    content = composer.content_of(form, request.POST, saved).checked(may_be_empty=True)
    blog = LiveBlog.objects.complete().get(pk=blog.pk)
    editions.read_blog(blog, edition or None)
    update = _as_published(blog, content, saved)
    editions.read_updates(blog, [update])
    with translation.override(edition or blog.language):
        return render(
            request,
            "desk/preview.html",
            {
                "blog": blog,
                "update": update,
                "is_converted": bool(edition),
                "lang": Language(blog.language).tag,
            },
        )


def _as_published(blog: LiveBlog, content: Content, saved: Update | None) -> Update:
    """A row that is never saved, with all that the readers' template asks of a published update."""
    update = Update(pk=saved.pk if saved else 0, blog=blog, status=Update.Status.PUBLISHED)
    replace(content, happened_at=content.happened_at or timezone.now()).set_on(update)
    stories = story_rows(content.stories, update=update)
    bylines = [UpdateByline(update=update, byline=byline) for byline in content.bylines]
    placed = [UpdateImage(update=update, image=image) for image in content.images]
    for row in placed:
        # The public renditions exist only while a public page shows the picture.
        row.image.private_base = _private_base(row.image)
    update._prefetched_objects_cache = {
        "related_stories": stories,
        "update_images": placed,
        "update_bylines": bylines,
    }
    corrections = Revision.objects.filter(update=saved, kind=Revision.Kind.CORRECTION).order_by("-pk")
    update.corrections = list(corrections) if saved else []
    return update


def _private_base(image: Image) -> str:
    address = reverse("admin:liveblog_image_rendition", args=[image.key, 0, "webp"])
    return address.removesuffix(image.rendition_path(0, "webp"))
