"""Pictures in the admin: uploads, their descriptions, and a preview that is served to editors only."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from liveblog import publishing, visibility
from liveblog.admin.reading import TeamAdmin
from liveblog.admin.saving import AdminRequest, SharedAdmin, SharedForm
from liveblog.models import Image
from newsroom.pictures import MEDIA_TYPES
from newsroom.sign_in import user_of

_PREVIEW_WIDTH: Final = 640
_SAID: Final = ["alt", "caption", "credit", "is_sensitive", "focal_column", "focal_row"]


def preview(image: Image) -> str:
    width = min(image.widths, key=lambda width: abs(width - _PREVIEW_WIDTH))
    return format_html(
        '<img class="picture-preview" src="{}" alt="{}" loading="lazy">',
        reverse("admin:liveblog_image_rendition", args=[image.key, width, "webp"]),
        image.alt,
    )


class ImageForm(SharedForm):
    # Refusals of an upload name no field, so show them at the file.
    refused_field: str | None = "file"
    # Not Django's ImageField, which would open the file in the server process; a worker decodes it instead.
    file = forms.FileField(
        label=_("File"), help_text=_("JPEG, PNG, WebP, AVIF or GIF; at most 25 MB. It stays private.")
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk:
            # The file of a saved picture cannot be replaced: another picture is a new upload.
            del self.fields["file"]
            self.refused_field = None


@admin.register(Image)
class ImageAdmin(TeamAdmin, SharedAdmin):
    form = ImageForm
    list_display = ["thumbnail", "alt", "credit", "dimensions", "in_updates", "created_by", "created_at"]
    list_display_links = ["thumbnail", "alt"]
    list_select_related = ["created_by"]
    list_filter = ["created_at", ("created_by", admin.RelatedOnlyFieldListFilter)]
    list_per_page = 40
    ordering = ["-created_at", "-pk"]
    search_fields = ["alt", "caption", "credit"]
    date_hierarchy = "created_at"

    def get_fieldsets(self, request: HttpRequest, obj: Image | None = None) -> list[tuple]:
        fields = [*_SAID[:4], tuple(_SAID[4:])]
        if obj is None:
            return [(None, {"fields": ["file", *fields]})]
        return [
            (None, {"fields": ["thumbnail", *fields, *self.fingerprint_fields(request, obj)]}),
            (_("State"), {"fields": ["dimensions", "created_by", "created_at"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        return ["thumbnail", "dimensions", "created_by", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        readable = visibility.readable(user_of(request))
        update_count = Count("updates", filter=Q(updates__blog__in=readable))
        rows: QuerySet[Image] = super().get_queryset(request).annotate(update_count=update_count)
        return rows

    @admin.display(description=_("preview"))
    def thumbnail(self, image: Image) -> str:
        return preview(image)

    @admin.display(description=_("size"))
    def dimensions(self, image: Image) -> str:
        return f"{image.width} × {image.height}"

    @admin.display(description=_("updates"), ordering="update_count")
    def in_updates(self, image: Image) -> int:
        return image.update_count

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *arguments: Any, **options: Any
    ) -> HttpResponse:
        """Decode an upload before the view's transaction begins; the form shows why one was refused."""
        file = request.FILES.get("file") if request.method == "POST" and object_id is None else None
        # The form's own field reports an empty file.
        if file is None or not file.size or not self.has_add_permission(request):
            return super().changeform_view(request, object_id, *arguments, **options)
        try:
            with publishing.prepare_image(file, by=user_of(request)) as prepared:
                cast(AdminRequest, request).prepared_picture = prepared
                return super().changeform_view(request, object_id, *arguments, **options)
        except ValidationError as refusal:
            cast(AdminRequest, request).refusal = refusal
            return super().changeform_view(request, object_id, *arguments, **options)

    def save_by_verb(self, request: HttpRequest, form: Any, rows: dict[str, Any], *, change: bool) -> Image:
        image: Image = form.instance
        details = {name: form.cleaned_data[name] for name in _SAID}
        if not change:
            return publishing.add_image(
                cast(AdminRequest, request).prepared_picture, by=user_of(request), **details
            )
        if not form.has_changed():
            return image
        return publishing.edit_image(image, by=user_of(request), **details, seen=form.cleaned_data["seen"])

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.serve_rendition)
        route = "renditions/<slug:key>/<int:width>.<slug:extension>"
        return [path(route, view, name="liveblog_image_rendition"), *super().get_urls()]

    def serve_rendition(self, request: HttpRequest, key: str, width: int, extension: str) -> HttpResponse:
        """Serve a private rendition, to editors only.

        Public renditions exist only while a public page shows the picture.
        """
        image = get_object_or_404(self.get_queryset(request), key=key)
        if not self.has_view_or_change_permission(request, image):
            raise PermissionDenied
        try:
            with publishing.open_private(image, width, extension) as rendition:
                return HttpResponse(rendition.read(), content_type=MEDIA_TYPES[extension])
        except FileNotFoundError as error:
            raise Http404 from error
