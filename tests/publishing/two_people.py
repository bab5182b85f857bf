"""Updates that one person writes and another publishes."""

from __future__ import annotations

from liveblog import publishing
from liveblog.models import Update
from liveblog.publishing import Content


def draft_by(writer, blog, heading="標題") -> Update:
    return publishing.draft_update(blog, Content(heading, "<p>內文</p>"), by=writer)


def published_by(writer, colleague, blog) -> Update:
    draft = draft_by(writer, blog)
    return publishing.publish_update(blog, lambda saved: saved, by=colleague, update=draft)


def fresh(update: Update) -> Update:
    return Update.objects.select_related("blog").get(pk=update.pk)
