"""Editions: Chinese blogs converted to the other script.

The functions convert rows in place, so that pages, polls, streams, feeds and linked data print an edition
with the same code as the original. Converted rows must never be saved. Conversions are cached in memory by
text, edition and state of the glossary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from django.db.models import prefetch_related_objects

from liveblog.models import (
    Byline,
    Edition,
    Glossary,
    GlossaryTerm,
    Image,
    LiveBlog,
    RelatedStory,
    Topic,
    Update,
)
from liveblog.models.blog import Language
from newsroom.text import chinese, html, languages
from newsroom.text.lexicon import Lexicon

# Number of cached texts, of about a kilobyte each: enough for a few dozen running stories.
TEXTS_KEPT: Final = 8_192
# Cache only a few of the longer texts: an update can have 200,000 characters.
LONGEST_KEPT: Final = 8_000
LONG_TEXTS_KEPT: Final = 64

_IMAGE: Final = ("alt", "caption", "credit")

Wording = tuple[tuple[str, str], ...]
Names = tuple[str, ...]


def has_edition(blog: LiveBlog, language: str) -> bool:
    """Return whether a blog can be converted to `language`: it must be Chinese in the other script."""
    return Language(blog.language).other_script == language


def read_blog(blog: LiveBlog, language: str | None) -> LiveBlog:
    """Convert a blog read by `LiveBlog.objects.complete()`; None leaves it unchanged."""
    return _read_blog(blog, Glossary.objects.edition(language)) if language else blog


def read_blogs(blogs: Iterable[LiveBlog], language: str | None) -> list[LiveBlog]:
    """Convert those blogs, read by `LiveBlog.objects.complete()`, that have this edition; return all."""
    blogs = list(blogs)
    if language:
        edition = Glossary.objects.edition(language)
        for blog in blogs:
            if has_edition(blog, language):
                _read_blog(blog, edition)
    return blogs


def read_head(blog: LiveBlog, language: str | None) -> LiveBlog:
    """Set the edition of a blog that has it, which suffices for its URL and ETag. Convert nothing."""
    if language and has_edition(blog, language):
        revision = blog.glossary_revision
        edition = Glossary.objects.edition(language) if revision is None else Edition(language, revision)
        blog.language, blog.edition = language, edition
    return blog


def read_complete(head: LiveBlog) -> LiveBlog:
    """Convert everything of a complete blog whose edition `read_head` has set."""
    edition = head.edition
    if edition is None:
        return head
    head.language, head.edition = head.written_in, None
    return _read_blog(head, edition)


def read_title_of(head: LiveBlog) -> LiveBlog:
    """Convert the title of a blog whose edition `read_head` has set."""
    if head.edition:
        _convert_title(head, head.edition)
    return head


def read_standfirst(head: LiveBlog) -> LiveBlog:
    """Convert the standfirst of a blog whose edition is set."""
    if head.edition:
        names = _names(head.edition, head.standfirst)
        head.standfirst = converter(head.edition, names=names)(head.standfirst)
    return head


def read_topics_of(head: LiveBlog) -> LiveBlog:
    """Read and convert the topics of a blog whose edition `read_head` has set."""
    prefetch_related_objects([head], "topics")
    if head.edition:
        _read_names(head.topics.all(), ["name"], head.edition)
    return head


def read_updates(blog: LiveBlog, updates: Iterable[Update]) -> list[Update]:
    """Convert updates of `blog`, read by `Update.objects.complete()`, to the edition of `blog`, if any."""
    updates = list(updates)
    for update in updates:
        update.blog = blog
        if blog.edition:
            _read_update(update, blog.edition)
    return updates


def read_mixed_updates(updates: Iterable[Update], language: str | None) -> list[Update]:
    """Convert updates of any blogs, read by `Update.objects.complete()`, if their blog has this edition."""
    updates = list(updates)
    if language:
        edition = Glossary.objects.edition(language)
        for update in updates:
            _read_title(update.blog, edition)
            if update.blog.edition:
                _read_update(update, edition)
    return updates


def read_titles(blogs: Iterable[LiveBlog], language: str | None) -> list[LiveBlog]:
    """Convert the listed fields of those blogs that have this edition; return all."""
    blogs = list(blogs)
    if language:
        edition = Glossary.objects.edition(language)
        for blog in blogs:
            _read_title(blog, edition)
            if blog.edition:
                _read_names([blog.hero_image], _IMAGE, edition)
    return blogs


def read_texts(blog: LiveBlog, updates: Iterable[Update]) -> list[Update]:
    """Convert only headings and bodies of updates, to the edition of `blog`, if any."""
    updates = list(updates)
    for update in updates:
        update.blog = blog
        if blog.edition:
            _read_text(update, blog.edition)
    return updates


def read_stories(stories: Iterable[RelatedStory], language: str | None) -> list[RelatedStory]:
    """Convert those related stories whose own blogs have this edition; return all."""
    stories = list(stories)
    if language:
        edition = Glossary.objects.edition(language)
        for story in stories:
            home = story.printed_in
            if has_edition(home, language):
                _read_stories([story], edition, story.update.wording if story.update else ())
    return stories


def read_topics(topics: Iterable[Topic], language: str | None) -> list[Topic]:
    topics = list(topics)
    if language:
        _read_names(topics, ["name"], Glossary.objects.edition(language))
    return topics


def read_topic(topic: Topic, language: str | None) -> Topic:
    if language:
        _read_names([topic], ["name"], Glossary.objects.edition(language))
    return topic


def _read_blog(blog: LiveBlog, edition: Edition) -> LiveBlog:
    names = _names(edition, blog.headline, blog.standfirst, blog.summary)
    text = converter(edition, names=names)
    _read_title(blog, edition)
    blog.standfirst = text(blog.standfirst)
    blog.summary = _rich_text(edition, names=names)(blog.summary)
    _read_bylines(blog.bylines.all(), edition)
    _read_names(blog.topics.all(), ["name"], edition)
    _read_names([blog.hero_image], _IMAGE, edition)
    _read_stories(blog.related_stories.all(), edition)
    for event in blog.key_events:
        event.blog = blog
        _read_text(event, edition)
    for response in blog.shown_responses:
        # Do not convert the reader's name.
        response.text = text(response.text)
    for neighbour in (blog.successor, getattr(blog, "predecessor", None)):
        if neighbour:
            _read_title(neighbour, edition)
    return blog


def _read_title(blog: LiveBlog, edition: Edition) -> None:
    if blog.edition or not has_edition(blog, edition.language):
        return
    blog.language, blog.edition = edition.language, edition
    _convert_title(blog, edition)


def _convert_title(blog: LiveBlog, edition: Edition) -> None:
    text = converter(edition)
    blog.kicker, blog.headline = text(blog.kicker), text(blog.headline)


def _read_update(update: Update, edition: Edition) -> None:
    names = _names(edition, update.heading, update.body)
    text = converter(edition, update.wording, names)
    _read_text(update, edition)
    update.source = text(update.source)
    _read_bylines(update.ordered_bylines, edition)
    _read_names([placed.image for placed in update.update_images.all()], _IMAGE, edition)
    _read_stories(update.related_stories.all(), edition, update.wording)
    for correction in update.corrections:
        correction.note = text(correction.note)


def _read_text(update: Update, edition: Edition) -> None:
    names = _names(edition, update.heading, update.body)
    update.heading = converter(edition, update.wording, names)(update.heading)
    update.body = _rich_text(edition, update.wording, names)(update.body)


def _read_stories(stories: Iterable[RelatedStory], edition: Edition, wording: Wording = ()) -> None:
    for story in stories:
        story.title = converter(edition, wording)(story.title)
        if story.live_blog:
            _read_title(story.live_blog, edition)


def _read_bylines(bylines: Iterable[Byline], edition: Edition) -> None:
    """Convert each byline once, with its name converted as a name; see `_read_names`."""
    for byline in bylines:
        if byline.edition is None:
            byline.edition = edition
            byline.name = _converted(chinese.convert_name, byline.name, edition, (), ())
            byline.role = converter(edition)(byline.role)


def _read_names(rows: Iterable[Image | Topic | None], names: Iterable[str], edition: Edition) -> None:
    """Convert shared rows, each once: prefetching may return the same instance several times."""
    text = converter(edition)
    for row in rows:
        if row is not None and row.edition is None:
            row.edition = edition
            for name in names:
                setattr(row, name, text(getattr(row, name)))


def converter(edition: Edition, wording: Wording = (), names: Names = ()) -> Callable[[str], str]:
    """Return a function that converts plain text into an edition and keeps the results."""
    return lambda text: _converted(chinese.convert, text, edition, wording, names) if text else text


def _rich_text(edition: Edition, wording: Wording = (), names: Names = ()) -> Callable[[str], str]:
    return lambda text: _converted(_convert_rich_text, text, edition, wording, names) if text else text


@lru_cache(maxsize=TEXTS_KEPT)
def _names_in(texts: tuple[str, ...], language: str) -> Names:
    return chinese.names_in(html.plain_text("\n".join(texts)), language)


def _names(edition: Edition, *texts: str) -> Names:
    """Return the names in an article's texts, which keep the forms of names in all of them."""
    return _names_in(texts, edition.language) if sum(map(len, texts)) <= LONGEST_KEPT else ()


def _convert_rich_text(text: str, language: str, *wordings: chinese.Wordings, names: Names = ()) -> str:
    """Convert rich text and renew its language tags, since a wording may change a passage's language."""
    return languages.tag_passages(chinese.convert_html(text, language, *wordings, names=names), language)


def _converted(
    convert: Callable[..., str], text: str, edition: Edition, wording: Wording, names: Names
) -> str:
    cached_convert = _kept if len(text) <= LONGEST_KEPT else _kept_long
    return cached_convert(convert, text, edition, wording, names)


def _convert(convert: Callable[..., str], text: str, edition: Edition, wording: Wording, names: Names) -> str:
    options = {"names": names} if names else {}
    return convert(text, edition.language, _terms(edition), _own_wordings(wording), **options)


_kept: Final = lru_cache(maxsize=TEXTS_KEPT)(_convert)
_kept_long: Final = lru_cache(maxsize=LONG_TEXTS_KEPT)(_convert)


@lru_cache(maxsize=256)
def _own_wordings(wording: Wording) -> Lexicon:
    return Lexicon(dict(wording))


@lru_cache(maxsize=4)
def _terms(edition: Edition) -> Lexicon:
    """Return an edition's glossary. If it was revised meanwhile, the result includes the newer terms."""
    source_field, target_field = ("traditional", "simplified")
    if edition.language == Language.ZH_HANT:
        source_field, target_field = target_field, source_field
    return Lexicon(dict(GlossaryTerm.objects.values_list(source_field, target_field)))


def forget() -> None:
    """Clear the conversion caches, for a database that was reset to an earlier state."""
    _kept.cache_clear()
    _kept_long.cache_clear()
    _names_in.cache_clear()
    _terms.cache_clear()
