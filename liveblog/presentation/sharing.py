"""Metadata of pages for link previews in search engines, chats and social networks.

It is printed as Open Graph (https://ogp.me), X's cards and the canonical link (RFC 6596).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from liveblog.models.blog import Language
from liveblog.presentation import share_cards as cards
from liveblog.presentation.views import BlogView, ImageView, TopicView, UpdateView
from newsroom import share_cards
from newsroom.site import absolute
from newsroom.text import html

_DESCRIPTION: Final = 160
# Open Graph locales; English in Hong Kong is British.
_LOCALES: Final = {Language.ZH_HANT: "zh_HK", Language.ZH_HANS: "zh_CN", Language.EN: "en_GB"}


@dataclass(frozen=True)
class Picture:
    url: str
    width: int
    height: int
    alt: str
    media_type: str


@dataclass(frozen=True)
class Share:
    """A page's metadata. `language` is the edition's; `path` is the canonical path with its query."""

    title: str
    description: str
    path: str
    picture: Picture
    language: str
    kind: str = "website"
    # False for pages that search engines should not list; they name no canonical URL.
    is_listed: bool = True
    published_at: datetime | None = None
    modified_at: datetime | None = None
    topics: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return absolute(self.path)

    @property
    def locale(self) -> str:
        return _LOCALES[Language(self.language)]

    @property
    def other_locale(self) -> str:
        """Return the locale of the page in the other script; empty if there is none."""
        other = Language(self.language).other_script
        return _LOCALES[other] if other else ""


def share_of_site(path: str, edition: str | None, *, is_listed: bool) -> Share:
    """Return the metadata of the front page, which is also the default for other pages."""
    language = edition or settings.SITE_LANGUAGE
    coverage = _("Live coverage")
    description = _("Running stories, minute by minute")
    return Share(
        title=f"{coverage} - {settings.SITE_NAME}",
        description=f"{description} - {settings.SITE_NAME}",
        path=path,
        picture=_card(cards.path_of_site_card(language, edition), f"{settings.SITE_NAME} {coverage}"),
        language=language,
        is_listed=is_listed,
    )


def share_of_topic(topic: TopicView, path: str, edition: str | None, headlines: Iterable[str]) -> Share:
    language = edition or settings.SITE_LANGUAGE
    return Share(
        title=f"{topic.name} - {settings.SITE_NAME}",
        description=_described(_listed([topic.name, *headlines], language)),
        path=path,
        picture=_card(cards.path_of_topic_card(topic, language, edition), topic.name),
        language=language,
    )


def share_of_blog(blog: BlogView, path: str) -> Share:
    """Return the metadata of a live blog's pages."""
    key_events = _listed((event.title for event in blog.key_events), blog.language)
    summary = html.plain_text(blog.summary)
    return Share(
        title=blog.full_headline,
        description=_described(blog.standfirst, summary, key_events, blog.full_headline),
        path=path,
        picture=_picture(blog.hero_image) or _card(cards.path_of_blog_card(blog), blog.full_headline),
        language=blog.language,
        kind="article",
        published_at=blog.published_at,
        modified_at=blog.modified_at,
        topics=[topic.name for topic in blog.topics],
    )


def share_of_update(update: UpdateView) -> Share:
    blog = update.blog
    captions = (image.caption or image.alt for image in update.images)
    picture = next(filter(None, map(_picture, update.images)), None)
    return Share(
        title=update.title,
        description=_described(html.plain_text(update.body), *captions, blog.full_headline),
        path=update.get_absolute_url(),
        picture=picture or _card(cards.path_of_update_card(update), update.title),
        language=blog.language,
        kind="article",
        published_at=update.published_at,
        modified_at=update.modified_at,
        topics=[topic.name for topic in blog.topics],
    )


def _listed(texts: Iterable[str], language: str) -> str:
    return ("; " if language == Language.EN else "；").join(texts)


def _described(*texts: str) -> str:
    """Return the first of `texts` that is not empty, on one line and shortened."""
    lines = (" ".join(text.split()) for text in texts)
    return html.shortened(next(filter(None, lines), ""), _DESCRIPTION)


def _picture(image: ImageView | None) -> Picture | None:
    """Return the widest JPEG of a picture; None for a sensitive one, which pages cover."""
    if image is None or image.is_sensitive:
        return None
    width = image.widths[-1]
    height = max(1, round(image.height * width / image.width))
    url = absolute(image.rendition_url(width, "jpg"))
    return Picture(url, width, height, image.alt, "image/jpeg")


def _card(path: str, alt: str) -> Picture:
    return Picture(absolute(path), share_cards.WIDTH, share_cards.HEIGHT, alt, "image/png")
