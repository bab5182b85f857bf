"""Words of Chinese text: the jieba segmenter (rjieba) with the newsroom's own words in its dictionary.

jieba chooses the most probable division of a whole sentence, so a word that is added here competes with all
others: 范太 does not break 规范|太|宽松.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from importlib import resources

from rjieba import Jieba


def word_list(name: str) -> str:
    """Return the text of a file in `newsroom/text/words/`."""
    return resources.files(__package__).joinpath("words", name).read_text(encoding="utf-8")


def read_words(name: str) -> list[list[str]]:
    """Return the rows of a word list: columns separated by tabs, # for comments."""
    lines = word_list(name).splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


class Characters(dict[int, str]):
    """A table for `str.translate` that looks up the form of a character when it first meets it."""

    def __init__(self, convert: Callable[[str], str]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, code: int) -> str:
        # OpenCC drops NUL.
        return self.setdefault(code, self._convert(chr(code)) or chr(code))


class Segmenter:
    """A dictionary that is loaded at its first use and never changes afterwards; safe across threads."""

    def __init__(self, words: Iterable[str], frequent_words: Iterable[tuple[str, int]] = ()) -> None:
        self._words, self._frequent_words = words, frequent_words
        self.tag = lru_cache(maxsize=65_536)(self._tag)

    @cached_property
    def _jieba(self) -> Jieba:
        jieba = Jieba()
        for word in self._words:
            if jieba.cut(word, False) != [word]:
                # Just more probable than its parts together: a word, but not at its neighbours' expense.
                jieba.add_word(word, jieba.suggest_freq(word) + 1, None)
        for word, frequency in self._frequent_words:
            jieba.add_word(word, max(frequency, jieba.suggest_freq(word) + 1), None)
        return jieba

    def cut(self, text: str) -> list[str]:
        """Return the words of a text, and everything between them; joined they are the text."""
        return self._jieba.cut(text)

    def cut_known(self, text: str) -> list[str]:
        """Return the words of a text without guessing at words that are not in the dictionary."""
        return self._jieba.cut(text, False)

    def is_word(self, text: str) -> bool:
        return self._jieba.has_word(text)

    def _tag(self, word: str) -> str:
        """Return a word's part of speech in the dictionary (nr: person, ns: place …), or an empty string."""
        return self._jieba.tag(word, False)[0][1] if self.is_word(word) else ""


class Cuts:
    """Where the words of a text begin and end, cut when it is first asked for.

    `draft` puts a text into the characters that the segmenter's dictionary is written in.
    """

    def __init__(self, segmenter: Segmenter, text: str, draft: Callable[[str], str]) -> None:
        self._segmenter, self._source, self._draft = segmenter, text, draft

    @cached_property
    def _text(self) -> str:
        return self._draft(self._source)

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """Return the word, as start and end, around each character."""
        spans: list[tuple[int, int]] = []
        for word in self._segmenter.cut_known(self._text):
            spans += [(len(spans), len(spans) + len(word))] * len(word)
        return spans

    def is_whole(self, start: int, end: int) -> bool:
        """Whether a term there breaks no word: 范太 would break 规范|太|宽松, by its first character.

        A term may lie inside a word, or have a word of its own in common with a longer one (停火 of 停火线).
        """
        first, last = self._spans[start], self._spans[end - 1]
        breaks_first = first[0] < start and first[1] < end and not self._is_word(start, first[1])
        breaks_last = last[1] > end and last[0] > start and not self._is_word(last[0], end)
        return not breaks_first and not breaks_last

    def _is_word(self, start: int, end: int) -> bool:
        return end - start > 1 and self._segmenter.is_word(self._text[start:end])
