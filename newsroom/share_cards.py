"""Share cards: preview pictures of 1200 by 630 pixels for links in chats and social networks.

A card depends only on the values of a `Card`, whose `version` is a hash of them: equal text has the same URL
on every server, and changed text gets a new URL.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Final
from unicodedata import category

from PIL import Image, ImageColor, ImageDraw, ImageFont, features

from newsroom.text.line_breaks import Measure, break_lines, cut_lines

WIDTH: Final = 1200
HEIGHT: Final = 630
# Part of every version. Increment it when the drawing code changes.
DESIGN: Final = 1
# The number of cards that each process caches, of about 30 KB each.
CARDS_KEPT: Final = 128

# Noto Sans CJK HK, with Simplified forms; newsroom/fonts/README.md lists its coverage. It is shipped so that
# cards look the same on every machine, including those without a Chinese font.
_FONT: Final = Path(__file__).resolve().parent / "fonts" / "NotoSansCJKhk-Bold.otf"
# Pillow selects the forms of a language only with Raqm, which loads FriBiDi from the system.
_HAS_LANGUAGES: Final = features.check("raqm") and features.check("fribidi")
_LANGUAGES: Final = {"zh-hant": "zh-HK", "zh-hans": "zh-Hans", "en": "en"}

_MARGIN: Final = 72
_BAR: Final = 18
_TOP: Final = 76
_BOTTOM: Final = 104
_KICKER_SIZE: Final = 38
_NAME_SIZE: Final = 34
# Sizes of headlines, largest first, each with its maximum number of lines.
_HEADLINE_SIZES: Final = ((88, 2), (76, 3), (66, 4), (54, 5))
_LEADING: Final = 1.28

# The page's own colours (static/css/reader.css).
_GROUND: Final = "#ffffff"
_INK: Final = "#17191d"
_SOFT: Final = "#575e69"
_RULE: Final = "#dcdad5"
_ACCENT: Final = "#b3131b"
_ON_ACCENT: Final = "#ffffff"
# The number of shades between the background and each other colour.
_BLENDS: Final = 20

_drawing: Final = Lock()


@dataclass(frozen=True)
class Card:
    """The content of a card. `mark` is the label of running coverage, or empty for no label."""

    language: str
    site_name: str
    headline: str
    kicker: str = ""
    mark: str = ""

    @property
    def version(self) -> str:
        return hashlib.blake2b(repr((DESIGN, *astuple(self))).encode(), digest_size=8).hexdigest()


def draw(card: Card) -> bytes:
    """Return the card as PNG. Only one card is drawn at a time, to bound the load."""
    with _drawing:
        return _drawn(card)


@lru_cache(maxsize=CARDS_KEPT)
def _drawn(card: Card) -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    _Drawing(image, card.language).draw(card)
    encoded = BytesIO()
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(encoded, "PNG")
    return encoded.getvalue()


@lru_cache(maxsize=1)
def _palette() -> Image.Image:
    """Return a palette of the card's colours and their blends; it needs a third of true colour's bytes."""
    ground, rule = ImageColor.getrgb(_GROUND), ImageColor.getrgb(_RULE)
    blends = [
        round(there + (here - there) * step / _BLENDS)
        for colour in map(ImageColor.getrgb, (_INK, _ACCENT, _SOFT))
        for step in range(1, _BLENDS + 1)
        for here, there in zip(colour, ground, strict=True)
    ]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*ground, *rule, *blends])
    return palette


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, size)


class _Drawing:
    """The drawing of one card."""

    def __init__(self, image: Image.Image, language: str) -> None:
        self.canvas = ImageDraw.Draw(image)
        self.options: dict[str, Any] = {"language": _LANGUAGES[language]} if _HAS_LANGUAGES else {}

    def draw(self, card: Card) -> None:
        self.canvas.rectangle((0, 0, WIDTH, _BAR), fill=_ACCENT)
        top = self._draw_top(_drawable(card.mark), _drawable(card.kicker))
        self._draw_headline(_drawable(card.headline), top, HEIGHT - _BOTTOM)
        self._draw_name(_drawable(card.site_name))

    def _draw_top(self, mark: str, kicker: str) -> float:
        """Draw the mark and the kicker; return the y coordinate at which the headline may begin."""
        if not mark and not kicker:
            return _TOP
        left, font = float(_MARGIN), _font(_KICKER_SIZE)
        middle = _TOP + 32
        if mark:
            width = self._width(mark, _KICKER_SIZE) + 40
            self.canvas.rounded_rectangle((left, middle - 32, left + width, middle + 32), 8, fill=_ACCENT)
            self.canvas.text((left + width / 2, middle), mark, _ON_ACCENT, font, anchor="mm", **self.options)
            left += width + 28
        if kicker:
            text = self._on_one_line(kicker, _KICKER_SIZE, WIDTH - _MARGIN - left)
            self.canvas.text((left, middle), text, _ACCENT, font, anchor="lm", **self.options)
        return middle + 32 + 20

    def _draw_headline(self, headline: str, top: float, bottom: float) -> None:
        size, lines = self._fitted(headline)
        leading = size * _LEADING
        # Centre the headline between kicker and name, so that a short one does not stick to the top.
        y = top + (bottom - top - leading * len(lines)) / 2 + leading / 2
        for line in lines:
            self.canvas.text((_MARGIN, y), line, _INK, _font(size), anchor="lm", **self.options)
            y += leading

    def _fitted(self, headline: str) -> tuple[int, list[str]]:
        width = WIDTH - 2 * _MARGIN
        for (size, most), smaller in zip(_HEADLINE_SIZES, [*_HEADLINE_SIZES[1:], None], strict=True):
            lines = break_lines(headline, width, most, self._measure(size))
            if lines is None:
                continue
            # Prefer lines of whole clauses, even one size smaller, to a line that ends inside of a clause.
            for clause_size, clause_most in filter(None, ((size, most), smaller)):
                measure = self._measure(clause_size)
                clauses = break_lines(headline, width, clause_most, measure, between_clauses=True)
                if clauses is not None:
                    return clause_size, clauses
            return size, lines
        return size, cut_lines(headline, width, most, self._measure(size))

    def _draw_name(self, name: str) -> None:
        middle = HEIGHT - _BOTTOM / 2
        self.canvas.line((_MARGIN, HEIGHT - _BOTTOM, WIDTH - _MARGIN, HEIGHT - _BOTTOM), _RULE, 2)
        self.canvas.rectangle((_MARGIN, middle - 14, _MARGIN + 28, middle + 14), fill=_ACCENT)
        left = _MARGIN + 28 + 18
        text = self._on_one_line(name, _NAME_SIZE, WIDTH - _MARGIN - left)
        self.canvas.text((left, middle), text, _SOFT, _font(_NAME_SIZE), anchor="lm", **self.options)

    def _on_one_line(self, text: str, size: int, width: float) -> str:
        measure = self._measure(size)
        return (break_lines(text, width, 1, measure) or cut_lines(text, width, 1, measure))[0]

    def _measure(self, size: int) -> Measure:
        return lru_cache(maxsize=2_048)(lambda text: self._width(text, size))

    def _width(self, text: str, size: int) -> float:
        return _font(size).getlength(text, **self.options)


def _drawable(text: str) -> str:
    """Return text without characters that text fonts lack: emoji, control and joining characters."""
    return "".join(
        character
        for character in text
        if category(character) not in ("So", "Sk", "Cf", "Cc", "Co", "Cn", "Cs") or character in " \n"
    )
