"""A live blog with one of everything, for screenshots and for a walk through a long night."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.factories import make_blog, make_update

_TABLE: Final = (
    "<table><tr><th>選區</th><th>已點票數</th><th>陳大文</th><th>李小明</th><th>廢票</th></tr>"
    + "".join(
        f"<tr><td>{name}</td><td>{12_840 + 97 * i:,}</td><td>{6_120 + 31 * i:,}</td>"
        f"<td>{5_977 + 64 * i:,}</td><td>{112 + i}</td></tr>"
        for i, name in enumerate(("港島東", "港島西", "九龍東", "九龍西", "新界東南", "新界西北"))
    )
    + "</table>"
)
_LONG_HEADLINE: Final = (
    "立法會選舉投票結束全港逾二百三十萬選民投票投票率創新高當局稱點票工作將通宵進行首批結果料凌晨二時公布"
    "候選人陸續抵達點票中心"
)


def make_election_night() -> LiveBlog:
    """Create a live blog with 40 key events, a table, an unconfirmed, a corrected and a withdrawn update."""
    blog = make_blog(slug="election", kicker="立法會選舉", headline=_LONG_HEADLINE, has_responses=True)
    now = hongkong.now().replace(second=0, microsecond=0)
    texts: dict[int, dict[str, object]] = {
        37: {"heading": "社交媒體流傳有票箱遺失", "verification": "unconfirmed", "source": "讀者報料"},
        38: {"heading": "六個選區已點票數", "body": _TABLE},
    }
    for index in range(42):
        content = {"heading": f"第{index + 1}個票站完成點票，候選人差距收窄"} | texts.get(index, {})
        make_update(
            blog, happened_at=now - timedelta(minutes=84 - 2 * index), is_key_event=index < 40, **content
        )
    newest = blog.updates.newest_first()[0]
    publishing.correct_update(
        newest, Content.of(newest), by=SYSTEM, note="候選人差距應為1,204票，早前誤作2,104票。"
    )
    publishing.withdraw_update(blog.updates.newest_first()[1], by=SYSTEM, reason="不實")
    publishing.submit_response(blog, name="陳小姐", text="請問新界東南的結果何時公布？")
    return blog
