"""JSON-LD with the content of the page: schema.org's LiveBlogPosting and BlogPosting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from liveblog.presentation.views import BlogView, ImageView, UpdateView
from newsroom import hongkong
from newsroom.site import absolute
from newsroom.text import html


def live_blog_posting(
    blog: BlogView, path: str, updates: Iterable[UpdateView], *, has_lead: bool, has_pictures: bool
) -> dict[str, Any]:
    """Return the page at `path` as a LiveBlogPosting with its updates, without tombstones.

    `has_lead` says whether the page shows the standfirst and the hero picture. The data never contains more
    than the page shows.
    """
    url = absolute(path)
    posting = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "@id": url,
        "url": url,
        "headline": blog.full_headline,
        "inLanguage": blog.lang,
        "coverageStartTime": hongkong.isoformat(blog.coverage_start_at or blog.published_at),
        "datePublished": hongkong.isoformat(blog.published_at),
        "dateModified": hongkong.isoformat(blog.modified_at or blog.published_at),
        "author": [{"@type": "Person", "name": byline.name} for byline in blog.bylines] or [_publisher()],
        "publisher": _publisher(),
        "liveBlogUpdate": [_posting(update, has_pictures) for update in updates if update.is_published],
    }
    if has_lead and blog.standfirst:
        posting["description"] = " ".join(blog.standfirst.split("\n"))
    if blog.coverage_end_at:
        posting["coverageEndTime"] = hongkong.isoformat(blog.coverage_end_at)
    if has_lead and has_pictures and blog.hero_image and not blog.hero_image.is_sensitive:
        posting["image"] = [_largest(blog.hero_image)]
    return posting


def blog_posting(update: UpdateView, *, has_pictures: bool) -> dict[str, Any]:
    """Return the page of one update as a BlogPosting."""
    return {"@context": "https://schema.org"} | _posting(update, has_pictures)


def _posting(update: UpdateView, has_pictures: bool) -> dict[str, Any]:
    url = absolute(update.get_absolute_url())
    posting = {
        "@type": "BlogPosting",
        "@id": url,
        "url": url,
        "headline": update.title,
        "articleBody": html.plain_text(update.body),
        "datePublished": _published_at(update),
        "dateModified": hongkong.isoformat(update.modified_at),
        "author": [{"@type": "Person", "name": byline.name} for byline in update.bylines] or _publisher(),
    }
    if update.corrections:
        posting["correction"] = [
            {
                "@type": "CorrectionComment",
                "text": correction.note,
                "datePublished": hongkong.isoformat(correction.at),
            }
            for correction in update.corrections
        ]
    images = [_largest(image) for image in update.images if not image.is_sensitive]
    return posting | {"image": images} if images and has_pictures else posting


def _published_at(update: UpdateView) -> str:
    """Return the clock time on the page; if there is none, the day or the time of publication."""
    if update.has_clock_time:
        return hongkong.isoformat(update.happened_at)
    if update.published_at == update.happened_at:
        return update.happened_on.isoformat()
    return hongkong.isoformat(update.published_at)


def _publisher() -> dict[str, Any]:
    publisher: dict[str, Any] = {
        "@type": "NewsMediaOrganization",
        "name": settings.SITE_NAME,
        "url": settings.SITE_URL,
    }
    if settings.SITE_LOGO_URL:
        publisher["logo"] = {"@type": "ImageObject", "url": absolute(settings.SITE_LOGO_URL)}
    return publisher


def _largest(image: ImageView) -> str:
    return absolute(image.rendition_url(image.widths[-1], "jpg"))
