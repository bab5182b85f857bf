"""Parsed articles as plain text, for comparison: what was read, left out, and doubted on which line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from liveblog.articles.article import Article, ArticleError, Block, Bullets, Caption, Paragraph
from liveblog.articles.parse import parse
from newsroom import hongkong

PAGES: Final = sorted((Path(__file__).parent / "pages").glob("*.txt"))
_DIVIDER: Final = "\n=====\n"


def page(path: Path) -> tuple[str, str]:
    """Return an article and its expected reading, which are stored in one file."""
    text, _divider, reading = path.read_text(encoding="utf-8").partition(_DIVIDER)
    return text + "\n", reading


def reading_of(text: str) -> str:
    """Return how an article is read, line by line, or why it is refused."""
    try:
        return "".join(f"{line}\n" for line in _lines(parse(text)))
    except ArticleError as error:
        return f"refused at line {error.line}: {error.missing or error.reason}\n"


def _lines(article: Article) -> Iterator[str]:
    kicker = f"{article.kicker} | " if article.kicker else ""
    yield f"{kicker}{article.headline}{' | running' if article.is_running else ''}"
    yield f"{article.published_at.astimezone(hongkong.ZONE):%Y-%m-%d %H:%M} {article.language}"
    yield from _blocks(article.standfirst)
    for entry in article.entries:
        clock = f"{entry.clock:%H:%M}" if entry.clock else "--:--"
        yield f"{entry.day} {clock} {entry.heading}".rstrip()
        yield from _blocks(entry.blocks)
    for line in article.left_out:
        yield f"left out {line.number}: {line.text} ({line.reason})"
    if numbers := sorted({doubt.line for doubt in article.doubts}):
        yield f"doubts: {' '.join(map(str, numbers))}"


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(text):
                yield f"    {text}"
            case Caption(text):
                yield f"    [{text}]"
            case Bullets(items, start):
                yield from (
                    f"    {start + at if start is not None else '*'} {item}" for at, item in enumerate(items)
                )
            case _:
                yield f"    > {block.title} {block.url}".rstrip()
