"""Editions: the text of Chinese live blogs converted to the other script.

Conversions are cached in memory by text, edition and state of the glossary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from liveblog.models import Edition, Glossary, GlossaryTerm, LiveBlog
from liveblog.models.blog import Language
from newsroom.text import chinese, html, languages
from newsroom.text.lexicon import Lexicon

# Number of cached texts, of about a kilobyte each: enough for a few dozen running stories.
TEXTS_KEPT: Final = 8_192
# Cache only a few of the longer texts: an update can have 200,000 characters.
LONGEST_KEPT: Final = 8_000
LONG_TEXTS_KEPT: Final = 64

Wording = tuple[tuple[str, str], ...]
Names = tuple[str, ...]


def has_edition(blog: LiveBlog, language: str) -> bool:
    """Return whether a blog can be converted to `language`: it must be Chinese in the other script."""
    return Language(blog.language).other_script == language


def is_script(language: str | None) -> bool:
    """Return whether `language` is a script of Chinese, so that texts can be converted to it."""
    return language is not None and Language(language).other_script is not None


def edition_in(language: str | None) -> Edition | None:
    """Return the edition in `language` at the glossary's current revision; None if it is not a script."""
    return Glossary.objects.edition(language) if language and is_script(language) else None


@dataclass(frozen=True, slots=True)
class Converter:
    """Conversion into an edition; None returns every text unchanged.

    `wording` has an update's own wordings, and `names` are names whose forms are kept.
    """

    edition: Edition | None
    wording: Wording = ()
    names: Names = ()

    def of_article(self, *texts: str, wording: Wording = ()) -> Converter:
        """Return a converter that keeps the forms of the names found in an article's texts."""
        if self.edition is None:
            return self
        is_short = sum(map(len, texts)) <= LONGEST_KEPT
        names = _names_in(texts, self.edition.language) if is_short else ()
        return replace(self, wording=wording, names=names)

    def text(self, text: str) -> str:
        """Convert plain text."""
        return self._converted(chinese.convert, text)

    def rich_text(self, text: str) -> str:
        return self._converted(_convert_rich_text, text)

    def name(self, name: str) -> str:
        """Convert the name of a person or a desk."""
        return self._converted(chinese.convert_name, name)

    def _converted(self, convert: Callable[..., str], text: str) -> str:
        if self.edition is None or not text:
            return text
        cached_convert = _kept if len(text) <= LONGEST_KEPT else _kept_long
        return cached_convert(convert, text, self.edition, self.wording, self.names)


@lru_cache(maxsize=TEXTS_KEPT)
def _names_in(texts: tuple[str, ...], language: str) -> Names:
    return chinese.names_in(html.plain_text("\n".join(texts)), language)


def _convert_rich_text(text: str, language: str, *wordings: chinese.Wordings, names: Names = ()) -> str:
    """Convert rich text and renew its language tags, since a wording may change a passage's language."""
    return languages.tag_passages(chinese.convert_html(text, language, *wordings, names=names), language)


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
