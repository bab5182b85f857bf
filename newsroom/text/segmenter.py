"""Word segmentation of Chinese: jieba (rjieba) with the newsroom's own words in its dictionary.

jieba chooses the most probable segmentation of a whole sentence, so an added word competes with all
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
    """A table for `str.translate` that converts each character on first use."""

    def __init__(self, convert: Callable[[str], str]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, code: int) -> str:
        # OpenCC drops NUL, so keep the character if the result is empty.
        return self.setdefault(code, self._convert(chr(code)) or chr(code))


class Segmenter:
    """A segmenter with an immutable, lazily loaded dictionary; safe for use in several threads."""

    def __init__(self, words: Iterable[str], frequent_words: Iterable[tuple[str, int]] = ()) -> None:
        self._words, self._frequent_words = words, frequent_words
        self.tag = lru_cache(maxsize=65_536)(self._tag)

    @cached_property
    def _jieba(self) -> Jieba:
        jieba = Jieba()
        for word in self._words:
            if jieba.cut(word, False) != [word]:
                # Make it only slightly more probable than its parts, so that it takes no characters from its
                # neighbours.
                jieba.add_word(word, jieba.suggest_freq(word) + 1, None)
        for word, frequency in self._frequent_words:
            jieba.add_word(word, max(frequency, jieba.suggest_freq(word) + 1), None)
        return jieba

    def cut(self, text: str) -> list[str]:
        """Return the words of a text and everything between them, which joined give the text again."""
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
    """The lazily computed word boundaries of a text.

    `draft` converts a text, character by character, to the script of the segmenter's dictionary.
    """

    def __init__(self, segmenter: Segmenter, text: str, draft: Callable[[str], str]) -> None:
        self._segmenter, self._source, self._draft = segmenter, text, draft

    @cached_property
    def _text(self) -> str:
        return self._draft(self._source)

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """Return the start and end of the word around each character."""
        spans: list[tuple[int, int]] = []
        for word in self._segmenter.cut_known(self._text):
            spans += [(len(spans), len(spans) + len(word))] * len(word)
        return spans

    def is_whole(self, start: int, end: int) -> bool:
        """Return whether a term at this span breaks no word: 范太 would break 规范 in 规范|太|宽松.

        A term may lie inside a longer word, or share a whole word with one (停火 in 停火线).
        """
        first, last = self._spans[start], self._spans[end - 1]
        breaks_first = first[0] < start and first[1] < end and not self._is_word(start, first[1])
        breaks_last = last[1] > end and last[0] > start and not self._is_word(last[0], end)
        return not breaks_first and not breaks_last

    def _is_word(self, start: int, end: int) -> bool:
        return end - start > 1 and self._segmenter.is_word(self._text[start:end])
