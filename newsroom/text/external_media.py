"""Embedded videos and posts of a few providers, recognized by their URL.

In rich text an embed is a paragraph with a link to such a URL and nothing else, so that software without
support for embeds shows a plain link. Frame URLs ask the provider not to track (`dnt`, youtube-nocookie).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from newsroom.text import markup
from newsroom.text.markup import End, Start

PROVIDERS: Final = ("YouTube", "Vimeo", "X")
# Origins of the frames, for the Content Security Policy.
FRAME_ORIGINS: Final = (
    "https://www.youtube-nocookie.com",
    "https://player.vimeo.com",
    "https://platform.twitter.com",
)


@dataclass(frozen=True)
class Embed:
    """A video or post: `page` is its URL at the provider, `shape` the aspect of its frame."""

    provider: str
    page: str
    frame: str
    is_video: bool
    shape: str


def find(url: str) -> Embed | None:
    """Return the embed that `url` leads to, or None if it is not a video or post of a known provider."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is not None
    except ValueError:
        return None
    find_at = _FINDERS.get(parts.hostname or "")
    if parts.scheme not in ("http", "https") or parts.username or has_port or not find_at:
        return None
    return find_at(url, parts)


def paragraph(url: str) -> str:
    """Return the rich text of an embed."""
    return f'<p><a href="{escape(url)}">{escape(url)}</a></p>'


def of_block(block: str) -> Embed | None:
    """Return the embed in a block of cleaned rich text: a paragraph with one link in it and nothing else."""
    if not block.startswith("<p") or "<a " not in block:
        return None
    tokens = list(markup.read(block))
    links = [token for token in tokens if isinstance(token, Start) and token.tag == "a"]
    is_alone = len(links) == 1 and tokens[1] == links[0] and tokens[-2:] == [End("a"), End("p")]
    return find(links[0].get("href") or "") if is_alone else None


def _youtube(url: str, parts: SplitResult) -> Embed | None:
    match = re.fullmatch(r"/(shorts|live|embed)/([\w-]{11})/?", parts.path, re.ASCII)
    if match:
        return _youtube_video(url, match[2], "tall" if match[1] == "shorts" else "wide")
    watched = parse_qs(parts.query).get("v", [""])[0]
    return _youtube_video(url, watched) if parts.path in ("/watch", "/watch/") else None


def _youtube_short(url: str, parts: SplitResult) -> Embed | None:
    return _youtube_video(url, parts.path.strip("/"))


def _youtube_video(url: str, name: str, shape: str = "wide") -> Embed | None:
    if not re.fullmatch(r"[\w-]{11}", name, re.ASCII):
        return None
    return Embed("YouTube", url, f"{FRAME_ORIGINS[0]}/embed/{name}", is_video=True, shape=shape)


def _vimeo(url: str, parts: SplitResult) -> Embed | None:
    # An unlisted video has a key after its number.
    match = re.fullmatch(r"/(?:video/)?([0-9]+)(?:/([0-9a-f]+))?/?", parts.path)
    if not match:
        return None
    key = f"&h={match[2]}" if match[2] else ""
    return Embed("Vimeo", url, f"{FRAME_ORIGINS[1]}/video/{match[1]}?dnt=1{key}", is_video=True, shape="wide")


def _x(url: str, parts: SplitResult) -> Embed | None:
    match = re.fullmatch(r"/\w+/status/([0-9]+)/?", parts.path, re.ASCII)
    if not match:
        return None
    frame = f"{FRAME_ORIGINS[2]}/embed/Tweet.html?id={match[1]}&dnt=true"
    return Embed("X", url, frame, is_video=False, shape="post")


_FINDERS: Final[dict[str, Callable[[str, SplitResult], Embed | None]]] = {
    **dict.fromkeys(
        ["youtube.com", "www.youtube.com", "m.youtube.com", "www.youtube-nocookie.com"], _youtube
    ),
    "youtu.be": _youtube_short,
    **dict.fromkeys(["vimeo.com", "www.vimeo.com", "player.vimeo.com"], _vimeo),
    **dict.fromkeys(["x.com", "www.x.com", "twitter.com", "www.twitter.com", "mobile.twitter.com"], _x),
}
