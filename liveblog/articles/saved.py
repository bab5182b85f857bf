"""Conversion of saved live blogs to articles, and of an article's text to the fields that are saved."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from html import escape
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.article import (
    Article,
    Block,
    Bullets,
    Caption,
    Entry,
    OpenBlock,
    Paragraph,
    Related,
    add_item,
    closed,
)
from liveblog.articles.characters import tidied
from liveblog.articles.lines import Kind, Line, inserted
from liveblog.articles.write import Warned, Written, name_of, write
from liveblog.models import LiveBlog, RelatedStory, Update
from liveblog.publishing import Story
from newsroom import hongkong
from newsroom.text import html, languages

# A link in a sentence is written as in Markdown. Within these limits it survives export and import.
_ADDRESS: Final = r"https?://[!#-'*-;=?-~]{3,490}"
_LINK: Final = re.compile(rf"\[(?P<words>[^\[\]<>\n]{{1,250}})\]\((?P<url>{_ADDRESS})\)")
_ANCHOR: Final = re.compile(rf'<a href="(?P<url>{_ADDRESS})"[^>]*>(?P<words>[^<>\[\]]{{1,250}})</a>')
_LIST: Final = re.compile(r'<(?P<kind>ul|ol)(?: start="(?P<start>\d+)")?>')


def write_blog(blog: LiveBlog) -> Written:
    """Write a live blog in the canonical form.

    Write its published updates or, for a draft blog, all updates that are not withdrawn. The warnings name
    what the form cannot express: first what is left out or made plain, then lines that would be read as
    something else.
    """
    updates = list(_written_updates(blog))
    article = article_of(blog, updates)
    written = write(article)
    losses = [
        *_losses_of_blog(blog),
        *(loss for update in updates for loss in losses_of(update, blog.language)),
    ]
    return Written(written.text, (*losses, *written.warnings))


def _written_updates(blog: LiveBlog) -> Iterable[Update]:
    updates = blog.updates.complete().newest_first()
    if blog.status == LiveBlog.Status.DRAFT:
        return updates.exclude(status=Update.Status.WITHDRAWN)
    return updates.published()


def article_of(blog: LiveBlog, updates: Iterable[Update]) -> Article:
    """Return a blog as an article, published at the start of coverage, else on publication or creation."""
    published_at = hongkong.to_hong_kong(blog.coverage_start_at or blog.first_published_at or blog.created_at)
    return Article(
        kicker=tidied(blog.kicker),
        headline=tidied(blog.headline),
        is_running=is_running(blog),
        published_at=published_at.replace(second=0, microsecond=0),
        language=blog.language,
        standfirst=_standfirst_of(blog),
        entries=tuple(entry_of(update) for update in updates),
        has_responses=blog.has_responses,
    )


def is_running(blog: LiveBlog) -> bool:
    """Return whether coverage is running or, for a draft, whether no end is set."""
    return not blog.has_ended and (blog.status != LiveBlog.Status.DRAFT or blog.coverage_end_at is None)


def entry_of(update: Update) -> Entry:
    """Return an update as an entry, as far as running copy can express it."""
    blocks: list[Block] = []
    for passage in update.passages():
        if isinstance(passage, RelatedStory):
            blocks.append(Related(tidied(passage.title), passage.url))
        else:
            blocks.extend(_blocks_of(passage))
    return replace(_head_of(update), blocks=tuple(blocks))


def name_of_update(update: Update, language: str) -> str:
    """Return the name that messages use for a saved update."""
    return name_of(_head_of(update), language)


def _head_of(update: Update) -> Entry:
    """Return an update's day, time and heading as an entry without blocks."""
    moment = hongkong.to_hong_kong(update.happened_at)
    clock = moment.time().replace(second=0, microsecond=0) if update.has_clock_time else None
    return Entry(moment.date(), clock, tidied(update.heading), ())


def _blocks_of(block: str) -> list[Block]:
    """Convert a top-level block of rich text: a list to a list, anything else to one paragraph per line."""
    linked = _ANCHOR.sub(r"[\g<words>](\g<url>)", block)
    tidy = (tidied(line) for line in html.plain_text(linked).split("\n"))
    lines = tuple(line for line in tidy if line)
    list_tag = _LIST.match(block)
    if list_tag:
        start = int(list_tag["start"] or 1) if list_tag["kind"] == "ol" else None
        return [Bullets(lines, start)] if lines else []
    return [_paragraph_or_caption(line) for line in lines]


def _paragraph_or_caption(text: str) -> Block:
    line = inserted(Line(0, text))
    return Caption(text) if line and line.kind is Kind.CAPTION else Paragraph(text)


def html_of(blocks: Sequence[Block]) -> str:
    """Return the rich text of an update, without its related stories."""
    return html.clean("".join(_html_of(block) for block in blocks))


def _html_of(block: Block) -> str:
    match block:
        case Paragraph(text) | Caption(text):
            return f"<p>{_with_links(text)}</p>"
        case Bullets(items, start):
            tag = "ul" if start is None else "ol"
            first = f' start="{start}"' if start not in (None, 1) else ""
            return f"<{tag}{first}>{''.join(f'<li>{_with_links(item)}</li>' for item in items)}</{tag}>"
    return ""


def _with_links(text: str) -> str:
    """Return text as HTML, with the links in it as elements."""
    pieces, end = [], 0
    for match in _LINK.finditer(text):
        words, address = escape(match["words"], quote=False), escape(match["url"])
        pieces += [escape(text[end : match.start()], quote=False), f'<a href="{address}">{words}</a>']
        end = match.end()
    return "".join([*pieces, escape(text[end:], quote=False)])


def stories_of(blocks: Sequence[Block]) -> tuple[Story, ...]:
    """Return the related stories of an update with their positions."""
    stories, before = [], 0
    for block in blocks:
        if isinstance(block, Related):
            stories.append(Story(block.title, before, block.url))
        else:
            before += 1
    return tuple(stories)


def is_as_imported(update: Update) -> bool:
    """Return whether the desk has left the text of an imported update unchanged."""
    entry = entry_of(update)
    return digest(entry) == update.imported_hash and html_of(entry.blocks) == languages.untagged(update.body)


def digest(entry: Entry) -> str:
    """Return the SHA-256 of an entry, without the addresses of related stories, which the desk adds."""
    blocks = [
        [type(block).__name__, block.title]
        if isinstance(block, Related)
        else [type(block).__name__, *astuple(block)]
        for block in entry.blocks
    ]
    values = [entry.day.isoformat(), entry.clock and entry.clock.isoformat(), entry.heading, blocks]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def standfirst_text(blocks: Sequence[Block]) -> tuple[str, tuple[Story, ...]]:
    """Return a standfirst as plain text, one line per paragraph or item, and the stories beside it."""
    lines: list[str] = []
    stories: list[Story] = []
    for block in blocks:
        match block:
            case Related(title, url):
                stories.append(Story(title, len(lines), url))
            case Bullets(items, None):
                lines.extend(f"• {item}" for item in items)
            case Bullets(items, int(start)):
                lines.extend(f"{start + place}. {item}" for place, item in enumerate(items))
            case Paragraph(text) | Caption(text):
                # A standfirst is plain text, so its links go below it.
                lines.append(_LINK.sub(r"\g<words>", text))
                links = _LINK.finditer(text)
                stories.extend(Story(link["words"], len(lines), link["url"]) for link in links)
    return "\n".join(lines), tuple(stories)


def _standfirst_of(blog: LiveBlog) -> tuple[Block, ...]:
    lines = [tidied(line) for line in blog.standfirst.splitlines()]
    lines = [line for line in lines if line]
    stories = sorted(blog.related_stories.all(), key=lambda story: (story.after_block, story.position))
    stories_after: dict[int, list[RelatedStory]] = defaultdict(list)
    for story in stories:
        stories_after[min(story.after_block, len(lines))].append(story)
    blocks: list[OpenBlock] = []
    for place in range(len(lines) + 1):
        blocks.extend(Related(tidied(story.title), story.url) for story in stories_after[place])
        if place < len(lines):
            _append_line(blocks, lines[place])
    return closed(blocks)


def _append_line(blocks: list[OpenBlock], text: str) -> None:
    line = inserted(Line(0, text))
    if line is None or line.kind is not Kind.BULLET:
        blocks.append(_paragraph_or_caption(text))
    else:
        add_item(blocks, line.words, line.bullet_number)


def losses_of(update: Update, language: str) -> list[Warned]:
    """Return a warning for everything in an update that running copy cannot express."""
    about = name_of_update(update, language)
    body = languages.untagged(update.body)
    searches = [(pattern.search(body), reason) for pattern, reason in _losses()]
    reasons = [reason for match, reason in searches if match]
    for story in update.related_stories.all():
        if story.live_blog:
            reasons.append(_("“%(title)s”: its link to a live blog is not written.") % {"title": story.title})
    losses = {
        _("Its pictures are not written."): update.update_images.all(),
        _("Its byline is not written."): update.ordered_bylines,
        _("Its source is not written."): update.source,
        _("Whether it is confirmed is not written."): update.verification,
        _("That it is a key event is not written."): update.is_key_event,
    }
    return [
        Warned(about, reason) for reason in [*reasons, *(reason for reason, value in losses.items() if value)]
    ]


def _losses() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile("<table"), _("A table becomes lines of text.")),
        (re.compile("<blockquote|<q>"), _("A quotation loses its marks.")),
        (re.compile("<h[34]"), _("A subheading becomes a line of text.")),
        (re.compile("<pre|<code"), _("Preformatted text becomes plain.")),
        (re.compile("<hr"), _("A rule is not written.")),
        (re.compile("<br"), _("A line break becomes a new paragraph.")),
        (re.compile(f"(?!{_ANCHOR.pattern})<a "), _("A link in the text loses its address.")),
        (re.compile(r"<(?:b|strong|i|em|u|s|sub|sup)>"), _("Bold, italic and the like become plain.")),
        (re.compile(r"<li>(?:(?!</li>).)*<(?:ul|ol|p|br)", re.DOTALL), _("A list in a list becomes plain.")),
    ]


def _losses_of_blog(blog: LiveBlog) -> list[Warned]:
    losses = {
        _("The summary is not written."): blog.summary,
        _("The hero picture is not written."): blog.hero_image_id,
        _("The pinned update is written in its place only."): blog.pinned_update_id,
    }
    return [Warned(_("live blog"), reason) for reason, value in losses.items() if value]
