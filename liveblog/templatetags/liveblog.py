"""Template filters and tags for times, rich text, links and pictures."""

from __future__ import annotations

import json
from datetime import date, datetime
from email.utils import format_datetime
from typing import Any, Final

from django import template
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from liveblog import visibility
from liveblog.models import LiveBlog
from liveblog.presentation.front import running_titles
from liveblog.presentation.pieces import update_markup
from liveblog.presentation.views import BlogTitle, Head, ImageView, UpdateTitle
from liveblog.visibility import PUBLIC
from newsroom import hongkong, static_files
from newsroom.site import absolute, absolute_links, tag_uri
from newsroom.text import external_media, html, languages, tables
from newsroom.text.external_media import Embed
from newsroom.text.line_breaks import columns_of
from newsroom.text.tables import Table

register = template.Library()
register.simple_tag(update_markup)

# The number of characters of the largest heading that fit on a phone's line.
LONGEST_CLAUSE: Final = 12
# The lengths in characters from which headlines are set smaller.
HEADLINE_STEPS: Final = ((70, "is-very-long"), (52, "is-longer"), (40, "is-long"))
# The width of three lines of a standfirst on a phone, in Latin letters; a Chinese character counts as two.
THREE_LINES: Final = 108

# Characters that could end the script element or start markup, and their JSON escapes.
_JSON_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.filter
def clock(moment: datetime) -> str:
    """Return the Hong Kong time as `02:45`."""
    return hongkong.clock_label(moment)


@register.filter
def iso(moment: datetime) -> str:
    """Return a time for `<time datetime>`: `2025-03-19T02:45:00+08:00`."""
    return hongkong.isoformat(moment)


@register.filter
def hong_kong_day(moment: datetime | date, language: str) -> str:
    """Return the Hong Kong day as `2025年3月19日` or `19 March 2025`."""
    day = hongkong.day_of(moment) if isinstance(moment, datetime) else moment
    return hongkong.day_label(day, language, with_year=True)


@register.filter
def short_day(moment: datetime | date, language: str) -> str:
    """Return the Hong Kong day as `19日` or `19 March`."""
    day = hongkong.day_of(moment) if isinstance(moment, datetime) else moment
    return hongkong.day_label(day, language, with_month=False)


@register.filter
def cleaned(rich_text: str) -> SafeString:
    """Return stored rich text as markup."""
    # Safe: every write path sanitizes rich text before it is stored, and nothing is added here.
    return mark_safe(rich_text)


@register.simple_tag
def module_script(name: str) -> SafeString:
    """Return the element of a module script, and `modulepreload` links for all of its imports."""
    script, *imports = static_files.with_imports(static(name))
    links = format_html_join("", '<link rel="modulepreload" href="{}">\n', ((path,) for path in imports))
    return format_html('{}<script type="module" src="{}"></script>', links, script)


@register.simple_tag
def lang_of(text: str) -> SafeString:
    """Return a `lang` attribute for text in another language than the page, else an empty string."""
    tag = languages.foreign_tag(text, get_language() or settings.SITE_LANGUAGE)
    # Safe: the literal is empty, for text that needs no attribute.
    return format_html(' lang="{}"', tag) if tag else mark_safe("")


@register.filter
def is_parted(headline: str) -> bool:
    """Return whether spaces divide a headline into clauses that each fit on a phone's line.

    Lines of such a headline need to break only between clauses.
    """
    clauses = headline.split()
    return len(clauses) > 1 and max(map(len, clauses)) <= LONGEST_CLAUSE


@register.filter
def headline_class(view: BlogTitle | UpdateTitle) -> str:
    """Return a headline's CSS classes: `parted` if it breaks between clauses, and a size by its length."""
    headline, text = (
        (view.headline, view.full_headline) if isinstance(view, BlogTitle) else (view.title, view.title)
    )
    step = next((step for length, step in HEADLINE_STEPS if len(text) >= length), "")
    return " ".join(filter(None, ["parted" if is_parted(headline) else "", step]))


@register.filter
def is_long(text: str) -> bool:
    """Return whether plain text takes more than three lines of a phone, or is more than one paragraph."""
    return len(text.splitlines()) > 1 or columns_of(text) > THREE_LINES


@register.filter
def first_line(rich_text: str) -> str:
    """Return the text of the first paragraph or list item of rich text."""
    return html.plain_text(rich_text).partition("\n")[0]


@register.filter
def plain_text(rich_text: str | None) -> str:
    """Return the text of rich text, one line for each paragraph. The input need not be sanitized."""
    return html.plain_text(rich_text or "")


@register.filter
def is_public(blog: LiveBlog | None) -> bool:
    """Return whether readers may read the live blog; False for None."""
    return bool(blog and visibility.can_read(PUBLIC, blog))


@register.filter
def is_text(passage: object) -> bool:
    return isinstance(passage, str)


@register.filter
def embed(passage: str) -> Embed | None:
    """Return the embedded video or post in this block of an update, or None."""
    return external_media.of_block(passage)


@register.filter
def is_table(passage: str) -> bool:
    return tables.is_table(passage)


@register.filter
def table(passage: str) -> Table:
    """Return the table in this block of an update."""
    return tables.read(passage)


@register.filter
def excerpt(rich_text: str, limit: int = 140) -> str:
    return html.excerpt(rich_text, limit)


@register.filter
def shortened(text: str, limit: int = 140) -> str:
    """Return plain text on one line, shortened."""
    return html.shortened(" ".join(text.split()), limit)


@register.filter
def srcset(image: ImageView, extension: str) -> str:
    return ", ".join(f"{image.rendition_url(width, extension)} {width}w" for width in image.widths)


@register.filter
def largest(image: ImageView) -> str:
    """Return the URL of the widest JPEG."""
    return image.rendition_url(image.widths[-1], "jpg")


@register.filter
def smallest(image: ImageView) -> str:
    return image.rendition_url(image.widths[0], "jpg")


@register.filter
def rfc822(moment: datetime) -> str:
    """Return a date for RSS: `Wed, 19 Mar 2025 02:45:00 +0800`."""
    return format_datetime(hongkong.with_whole_minutes(moment))


@register.filter
def entry_id(update: UpdateTitle) -> str:
    """Return the tag: URI of an update in feeds, which survives a move of the site."""
    return tag_uri(update.get_absolute_url())


@register.filter
def feed_id(blog: Head) -> str:
    """Return the tag: URI of a live blog's own feed."""
    return tag_uri(blog.get_absolute_url())


@register.filter(name="absolute")
def absolute_url(path: str) -> str:
    return absolute(path)


@register.filter(name="absolute_links")
def links_made_absolute(markup: str) -> SafeString:
    """Return markup with absolute links, for feed readers."""
    # Safe: the argument is rendered template output, and `absolute_links` escapes every value that it writes.
    return mark_safe(absolute_links(markup))


@register.filter
def page_title(blog: BlogTitle) -> str:
    """Return the headline, marked while coverage is running, for the title of a page."""
    running = gettext("Live updates")
    return f"{blog.full_headline}｜{running}" if blog.is_live else blog.full_headline


@register.filter
def title_or_withdrawn(update: UpdateTitle) -> str:
    """Return the title of an update, or that it was withdrawn, for the title of a page."""
    return update.title if update.is_published else gettext("Withdrawn update")


@register.simple_tag
def running_coverage() -> list[BlogTitle]:
    """Return the live blogs at the top of the front page, in the active language where they have it."""
    return running_titles(get_language())


@register.simple_tag
def recent_actions(user: User) -> list[LogEntry]:
    """Return a staff member's latest actions in the admin, for its index page."""
    return visibility.readable_actions(user, 10)


@register.simple_tag
def linked_data(data: dict[str, Any]) -> SafeString:
    """Return JSON-LD in its script element. It is data, not code, so a strict CSP does not block it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_JSON_ESCAPES)
    # Safe: `_JSON_ESCAPES` has replaced every character that could end the element or start markup.
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))
