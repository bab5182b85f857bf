"""The text and paths of share cards of the site, topics, live blogs and updates."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from liveblog.presentation.views import BlogTitle, TopicView, UpdateTitle
from newsroom.share_cards import Card


def card_of_site(language: str) -> Card:
    return _card(language, settings.SITE_NAME, _live_coverage(language))


def card_of_topic(topic: TopicView, language: str) -> Card:
    return _card(language, topic.name, _live_coverage(language))


def card_of_blog(blog: BlogTitle) -> Card:
    return _card(blog.language, blog.headline, blog.kicker, is_live=blog.is_live)


def card_of_update(update: UpdateTitle) -> Card:
    """Return the card of an update, with the live blog's headline as the kicker."""
    blog = update.blog
    return _card(blog.language, update.title, blog.full_headline, is_live=blog.is_live)


def _card(language: str, headline: str, kicker: str, *, is_live: bool = False) -> Card:
    with translation.override(language):
        mark = _("Live") if is_live else ""
    return Card(language, settings.SITE_NAME, headline, kicker, mark.upper())


def _live_coverage(language: str) -> str:
    with translation.override(language):
        return _("Live coverage")


def path_of_site_card(language: str, edition: str | None) -> str:
    return _path("site_card", edition, card_of_site(language).version)


def path_of_topic_card(topic: TopicView, language: str, edition: str | None) -> str:
    return _path("topic_card", edition, topic.slug, card_of_topic(topic, language).version)


def path_of_blog_card(blog: BlogTitle) -> str:
    return blog.address("blog_card", card_of_blog(blog).version)


def path_of_update_card(update: UpdateTitle) -> str:
    return update.blog.address("update_card", update.pk, card_of_update(update).version)


def _path(name: str, edition: str | None, *arguments: str) -> str:
    return reverse(f"reader:{name}", args=[*([edition] if edition else []), *arguments])
