"""URLs that are shown as embeds, and the blocks of rich text that contain them."""

from __future__ import annotations

import re

import pytest

from newsroom.text import external_media, html
from newsroom.text.external_media import FRAME_ORIGINS, Embed
from tests.environment import ROOT

VIDEO = "dQw4w9WgXcQ"
YOUTUBE = f"https://www.youtube-nocookie.com/embed/{VIDEO}"
TWEET = "https://platform.twitter.com/embed/Tweet.html?id=1790000000000000001&dnt=true"


@pytest.mark.parametrize(
    ("url", "provider", "frame", "shape"),
    [
        (f"https://www.youtube.com/watch?v={VIDEO}", "YouTube", YOUTUBE, "wide"),
        (f"http://m.youtube.com/watch?app=desktop&v={VIDEO}&t=90s", "YouTube", YOUTUBE, "wide"),
        (f"https://youtu.be/{VIDEO}?si=abc", "YouTube", YOUTUBE, "wide"),
        (f"https://youtube.com/live/{VIDEO}", "YouTube", YOUTUBE, "wide"),
        (f"https://www.youtube.com/shorts/{VIDEO}/", "YouTube", YOUTUBE, "tall"),
        ("https://vimeo.com/76979871", "Vimeo", "https://player.vimeo.com/video/76979871?dnt=1", "wide"),
        (
            "https://vimeo.com/76979871/8272103f6e?share=copy",
            "Vimeo",
            "https://player.vimeo.com/video/76979871?dnt=1&h=8272103f6e",
            "wide",
        ),
        (
            "https://player.vimeo.com/video/76979871",
            "Vimeo",
            "https://player.vimeo.com/video/76979871?dnt=1",
            "wide",
        ),
        ("https://x.com/hkobservatory/status/1790000000000000001", "X", TWEET, "post"),
        ("https://mobile.twitter.com/a_b/status/1790000000000000001?s=20", "X", TWEET, "post"),
    ],
)
def test_url_of_a_provider_is_an_embed(url, provider, frame, shape):
    assert external_media.find(url) == Embed(provider, url, frame, is_video=provider != "X", shape=shape)
    assert frame.startswith(FRAME_ORIGINS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "youtu.be",
        f"javascript://youtu.be/{VIDEO}",
        f"https://youtu.be.evil.example/{VIDEO}",
        f"https://evil.example/youtube.com/watch?v={VIDEO}",
        f"https://someone@youtu.be/{VIDEO}",
        f"https://youtu.be:8443/{VIDEO}",
        "https://youtu.be:port/x",
        "https://[youtu.be/x",
        "https://www.youtube.com/watch?v=short",
        'https://www.youtube.com/watch?v="><script>1',
        f"https://www.youtube.com/playlist?v={VIDEO}",
        "https://www.youtube.com/@channel",
        "https://vimeo.com/channels/staffpicks",
        "https://vimeo.com/１２３",
        "https://x.com/hkobservatory",
        "https://x.com/hkobservatory/status/abc",
        "https://x.com/i/events/1790000000000000001",
    ],
)
def test_other_url_is_not_an_embed(url):
    assert external_media.find(url) is None


def test_only_a_paragraph_with_nothing_but_one_link_is_an_embed():
    link = f'<a href="https://www.youtube.com/watch?v={VIDEO}&amp;t=5">影片：<em>現場</em></a>'
    cleaned = html.clean(f"<p>{link}</p><p>看{link}</p><p>{link}{link}</p><ul><li>{link}</li></ul>")
    embeds = [external_media.of_block(block) for block in html.blocks(cleaned)]
    page = f"https://www.youtube.com/watch?v={VIDEO}&t=5"
    assert embeds == [Embed("YouTube", page, YOUTUBE, is_video=True, shape="wide"), None, None, None]
    assert external_media.of_block('<p><a href="https://example.com/">連結</a></p>') is None


def test_script_frames_the_same_providers_as_the_policy():
    script = (ROOT / "static/js/embeds.js").read_text()
    assert tuple(re.findall(r'"(https://[^"]+)"', script)) == FRAME_ORIGINS
