"""What pages may show from other sites: videos and posts of a few providers, found by their address.

In rich text an embed is a paragraph that holds one link to such an address and nothing else, so that whatever
knows nothing of embeds has a plain link. Frames ask the provider to follow nobody (`dnt`, youtube-nocookie).
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
# Of the frames, for the Content Security Policy.
FRAME_ORIGINS: Final = (
    "https://www.youtube-nocookie.com",
    "https://player.vimeo.com",
    "https://platform.twitter.com",
)


@dataclass(frozen=True)
class Embed:
    """A video or a post. `page` is where it is read on its own site, `shape` how its frame is cut."""

    provider: str
    page: str
    frame: str
    is_video: bool
    shape: str


def find(url: str) -> Embed | None:
    """What `url` leads to, if it is a video or a post of a provider that we show."""
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
    """An embed as it stands in rich text."""
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
    named = re.fullmatch(r"/(shorts|live|embed)/([\w-]{11})/?", parts.path, re.ASCII)
    if named:
        return _youtube_video(url, named[2], "tall" if named[1] == "shorts" else "wide")
    watched = parse_qs(parts.query).get("v", [""])[0]
    return _youtube_video(url, watched) if parts.path in ("/watch", "/watch/") else None


def _youtube_short(url: str, parts: SplitResult) -> Embed | None:
    return _youtube_video(url, parts.path.strip("/"))


def _youtube_video(url: str, name: str, shape: str = "wide") -> Embed | None:
    if not re.fullmatch(r"[\w-]{11}", name, re.ASCII):
        return None
    return Embed("YouTube", url, f"{FRAME_ORIGINS[0]}/embed/{name}", is_video=True, shape=shape)


def _vimeo(url: str, parts: SplitResult) -> Embed | None:
    # What stands behind the number is the key of a video that is not listed.
    named = re.fullmatch(r"/(?:video/)?([0-9]+)(?:/([0-9a-f]+))?/?", parts.path)
    if not named:
        return None
    key = f"&h={named[2]}" if named[2] else ""
    return Embed("Vimeo", url, f"{FRAME_ORIGINS[1]}/video/{named[1]}?dnt=1{key}", is_video=True, shape="wide")


def _x(url: str, parts: SplitResult) -> Embed | None:
    named = re.fullmatch(r"/\w+/status/([0-9]+)/?", parts.path, re.ASCII)
    if not named:
        return None
    frame = f"{FRAME_ORIGINS[2]}/embed/Tweet.html?id={named[1]}&dnt=true"
    return Embed("X", url, frame, is_video=False, shape="post")


_FINDERS: Final[dict[str, Callable[[str, SplitResult], Embed | None]]] = {
    **dict.fromkeys(
        ["youtube.com", "www.youtube.com", "m.youtube.com", "www.youtube-nocookie.com"], _youtube
    ),
    "youtu.be": _youtube_short,
    **dict.fromkeys(["vimeo.com", "www.vimeo.com", "player.vimeo.com"], _vimeo),
    **dict.fromkeys(["x.com", "www.x.com", "twitter.com", "www.twitter.com", "mobile.twitter.com"], _x),
}
