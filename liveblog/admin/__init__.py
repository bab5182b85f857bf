"""Django's admin for all models. It changes public content only through `liveblog.publishing`."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from liveblog.admin import (
    audit_log,
    blog,
    copy_profiles,
    glossary,
    history,
    material,
    partners,
    people,
    pictures,
    responses,
    update,
    webhooks,
)
from newsroom.admin_site import NewsroomSite

__all__ = [
    "audit_log",
    "blog",
    "copy_profiles",
    "glossary",
    "history",
    "material",
    "partners",
    "people",
    "pictures",
    "responses",
    "update",
    "webhooks",
]

admin.site.site_header = _("Newsroom")
admin.site.site_title = _("Newsroom")
admin.site.index_title = _("Today")
assert isinstance(admin.site, NewsroomSite)
admin.site.groups = (
    (
        _("Editorial"),
        (
            *("LiveBlog", "Update", "ReaderResponse", "RelatedStory", "Image", "Topic", "Byline"),
            *("GlossaryTerm", "CopyProfile"),
        ),
    ),
    (_("Partners"), ("Partner", "ApiKey", "Webhook", "WebhookCursor", "Delivery")),
    (_("System"), ()),
)
