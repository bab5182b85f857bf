"""Matching of the entries of newer copy to saved updates. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from liveblog.articles.article import Bullets, Entry, Related

# Least share of word pairs (for Chinese: character pairs) in common for two texts to count as the same.
_ALIKE: Final = 0.4
# The same for texts with different times, which have only their position in common.
_NEARLY: Final = 0.7
# Texts of one time with less in common than this are about different things.
_RELATED: Final = 0.2
# Larger gaps are ambiguous anyway, and comparing every pair of updates in them would take minutes.
_MOST_IN_A_GAP: Final = 20
_WORD: Final = re.compile(r"[A-Za-z0-9'’]+|[^\s\w]|\w")


@dataclass(frozen=True)
class Known:
    """A saved update. `imported` is the digest of the copy that it came from, empty if from the desk."""

    entry: Entry
    imported: str
    is_erased: bool = False


@dataclass
class Matching:
    """Indexes of copy and saved updates that belong together, and the indexes whose match is ambiguous."""

    pairs: dict[int, int] = field(default_factory=dict)
    unsure_copy: set[int] = field(default_factory=set)
    unsure_saved: set[int] = field(default_factory=set)


def match(copy: Sequence[Entry], digests: Sequence[str], saved: Sequence[Known]) -> Matching:
    """Match copy to saved updates, both newest first.

    Match identical copy first, then identical words under another time, then by day, time and heading, then
    nearly identical words between the same neighbours, then by day and time, then by heading. The desk's own
    updates are matched by day, time and heading only, unless they were erased.
    """
    return _Matcher(copy, digests, saved).matched()


class _Matcher:
    def __init__(self, copy: Sequence[Entry], digests: Sequence[str], saved: Sequence[Known]) -> None:
        self.copy, self.digests, self.saved = copy, digests, saved
        self.matching = Matching()

    def matched(self) -> Matching:
        everything = range(len(self.saved))
        imported = [index for index in everything if self.saved[index].imported]
        movable = [index for index in everything if self.saved[index].imported or self.saved[index].is_erased]
        self._pair(
            imported,
            lambda index: self.digests[index],
            lambda index: self.saved[index].imported,
            in_sequence=True,
        )
        self._pair_by(imported, _words_of, in_sequence=True)
        self._pair_by(everything, lambda entry: (entry.day, entry.clock, entry.heading), in_sequence=True)
        self._pair_in_gaps(movable, _NEARLY, lambda entry: "timed" if entry.clock else None)
        self._pair_by(movable, lambda entry: (entry.day, entry.clock) if entry.clock else None)
        self._pair_in_gaps(movable, _ALIKE, lambda entry: None if entry.clock else entry.day)
        self._pair_by(imported, lambda entry: entry.heading or None)
        return self.matching

    def _free_copy(self) -> list[int]:
        return [index for index in range(len(self.copy)) if index not in self.matching.pairs]

    def _free_saved(self, candidates: Sequence[int]) -> list[int]:
        paired = set(self.matching.pairs.values())
        return [index for index in candidates if index not in paired]

    def _pair_by(
        self, candidates: Sequence[int], key: Callable[[Entry], Hashable], *, in_sequence: bool = False
    ) -> None:
        self._pair(
            candidates,
            lambda index: key(self.copy[index]),
            lambda index: key(self.saved[index].entry),
            in_sequence=in_sequence,
        )

    def _pair(
        self,
        candidates: Sequence[int],
        copy_key: Callable[[int], Hashable],
        saved_key: Callable[[int], Hashable],
        *,
        in_sequence: bool = False,
    ) -> None:
        """Pair entries and updates that are the only ones with their key; None is not a key.

        With `in_sequence`, also pair several with the same key in order, if both sides have the same number.
        """
        groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for index in self._free_copy():
            groups[copy_key(index)][0].append(index)
        for index in self._free_saved(candidates):
            groups[saved_key(index)][1].append(index)
        for key, (copy, saved) in groups.items():
            if key is None or not copy or not saved:
                continue
            if len(copy) == len(saved) and (in_sequence or len(copy) == 1):
                self._settle(zip(copy, saved, strict=True))
            else:
                self.matching.unsure_copy.update(copy)
                self.matching.unsure_saved.update(saved)

    def _settle(self, pairs: Iterable[tuple[int, int]]) -> None:
        for copy, saved in pairs:
            self.matching.pairs[copy] = saved
            self.matching.unsure_copy.discard(copy)
            self.matching.unsure_saved.discard(saved)

    def _pair_in_gaps(
        self, candidates: Sequence[int], least: float, group: Callable[[Entry], Hashable]
    ) -> None:
        """Pair updates of one group that have the same neighbours, if their texts are alike.

        None is not a group. An erased update has no text left to compare, so it counts as similar to every
        entry in its place.
        """
        copy_gaps = _gaps(len(self.copy), self.matching.pairs)
        saved_gaps = _gaps(len(self.saved), {saved: saved for saved in self.matching.pairs.values()})
        by_place: dict[tuple[Hashable, Hashable], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for index in self._free_copy():
            key = group(self.copy[index])
            if key is not None:
                by_place[copy_gaps[index], key][0].append(index)
        for index in self._free_saved(candidates):
            key = group(self.saved[index].entry)
            if key is not None and not (key == "timed" and self.saved[index].is_erased):
                by_place[saved_gaps[index], key][1].append(index)
        for (_gap, key), (copy, saved) in by_place.items():
            if max(len(copy), len(saved)) <= _MOST_IN_A_GAP:
                self._pair_alike(copy, saved, least, may_be_unsure=key != "timed")
            elif copy and saved and key != "timed":
                self.matching.unsure_copy.update(copy)
                self.matching.unsure_saved.update(saved)

    def _pair_alike(
        self, copy: Sequence[int], saved: Sequence[int], least: float, *, may_be_unsure: bool
    ) -> None:
        """Pair updates in one place that are alike only with each other; mark other alike pairs as unsure."""
        new = {index: _neighbours(self.copy[index]) for index in copy}
        known = {index: _neighbours(self.saved[index].entry) for index in saved}
        likely_pairs = [
            (one, other)
            for one in copy
            for other in saved
            if self.saved[other].is_erased or _likeness(new[one], known[other]) >= least
        ]
        of_copy = Counter(one for one, _other in likely_pairs)
        of_saved = Counter(other for _one, other in likely_pairs)
        for one, other in likely_pairs:
            if of_copy[one] == of_saved[other] == 1:
                self._settle([(one, other)])
            elif may_be_unsure:
                self.matching.unsure_copy.add(one)
                self.matching.unsure_saved.add(other)


def _gaps(count: int, known_neighbours: dict[int, int]) -> list[tuple[int | None, int | None]]:
    """Return the nearest known neighbours above and below each position."""
    above: list[int | None] = []
    last = None
    for index in range(count):
        above.append(last)
        last = known_neighbours.get(index, last)
    below: list[int | None] = []
    last = None
    for index in reversed(range(count)):
        below.append(last)
        last = known_neighbours.get(index, last)
    return list(zip(above, reversed(below), strict=True))


def _neighbours(entry: Entry) -> Counter[tuple[str, str]]:
    """Count the pairs of adjacent words in an entry; each Chinese character is a word."""
    words = ["", *_WORD.findall(text_of(entry)), ""]
    return Counter(pairwise(words))


def _likeness(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> float:
    """Return the Dice coefficient of the word pairs of two texts, from 0 to 1, in linear time."""
    return 2 * (one & other).total() / (one.total() + other.total())


def is_same_update(one: Entry, other: Entry) -> bool:
    """Return whether two matched entries have words in common, and not only their time."""
    if one.heading and one.heading == other.heading:
        return True
    return _likeness(_neighbours(one), _neighbours(other)) >= _RELATED


def _words_of(entry: Entry) -> Hashable:
    """Return the text of an entry, without its day and time; None if it has none."""
    return text_of(entry).strip() or None


def text_of(entry: Entry) -> str:
    """Return the text of an entry: a line for its heading and for each paragraph, item or story title."""
    words = [entry.heading]
    for block in entry.blocks:
        words += (
            block.items
            if isinstance(block, Bullets)
            else [block.title if isinstance(block, Related) else block.text]
        )
    return "\n".join(words)
