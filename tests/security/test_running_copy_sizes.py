"""Denial of service by running copy: cost grows linearly with its size, and oversized copy is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from liveblog.articles.article import Article, ArticleError, Bullets, Entry, Paragraph, Related
from liveblog.articles.characters import MAX_BYTES, read
from liveblog.articles.lines import MAX_LINES
from liveblog.articles.load import load
from liveblog.articles.match import Known, match
from liveblog.articles.parse import MAX_UPDATES, parse
from liveblog.articles.place import Slot, place
from liveblog.articles.saved import article_of, write_blog
from liveblog.articles.write import write
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person, signed_in
from tests.work import assert_linear, count_calls

pytestmark = pytest.mark.usefixtures("in_english")

HEAD = "燈塔︱重新亮燈|持續更新\n2026-03-19 10:00\n"
DAY = date(2026, 3, 19)
PUBLISHED_AT = datetime(2026, 3, 19, 10, 0, tzinfo=hongkong.ZONE)
LENGTH = 250_000


def copy_of(lines: list[str]) -> str:
    return HEAD + "\n".join(lines) + "\n"


def headed(count: int, body: Callable[[int], str] = "第{}句。".format) -> list[str]:
    """Return updates with headings, half of them without a clock time."""
    timed = (f"消息{index}\n【0{index % 10}:00】{body(index)}" for index in range(count // 2))
    untimed = (f"另訊{index}\n{body(index)}" for index in range(count // 2))
    return ["19日最新消息", *(part for pair in zip(timed, untimed, strict=True) for part in pair)]


MANY_LINES = {
    "bullets": lambda count: ["19日最新消息", "標題", *[".條目"] * count],
    "numbered bullets": lambda count: [
        "19日最新消息",
        "標題",
        *(f"{index % 99}.條" for index in range(count)),
    ],
    "standfirst": lambda count: ["一句導語。"] * count,
    "bullets in the standfirst": lambda count: [".一點"] * count,
    "paragraphs": lambda count: ["19日最新消息", "標題", *["一句。"] * count],
    "headings": headed,
    "headings alone": lambda count: ["19日最新消息", *["一個標題"] * count],
    "times": lambda count: ["19日最新消息", *["【09:00】一句。"] * count],
    "times alone": lambda count: ["19日最新消息", *["【09:00】"] * count],
    "times that jump back": lambda count: ["【23:00】一句。\n【01:00】一句。"] * (count // 2),
    "days that come again": lambda count: ["19日最新消息"] * count,
    "related stories": lambda count: ["19日最新消息", "標題", *["相關新聞:一則"] * count],
    "related labels alone": lambda count: ["19日最新消息", "標題", *["相關新聞:"] * count],
    "captions": lambda count: ["19日最新消息", "標題", *["圖:一幅"] * count],
    "rules": lambda count: ["-----"] * count,
    "responses": lambda count: ["最新回應"] * count,
    "doubts": lambda count: ["19日最新消息", "標題", *["[1:00"] * count],
    "times without days": lambda count: ["【09:00】一句。"] * count,
    "times in several notations": lambda count: ["[0900]一句。\n09:00 一句。\n9.00am: 一句。"] * (count // 3),
    "headings beside times": lambda count: ["【09:00】標題\n一句。"] * (count // 2),
    "names": lambda count: ["09:00\nJane Example\n一句。"] * (count // 3),
    "numbered posts": lambda count: [f"{index % 99 + 1}. 標題\n一句。" for index in range(count // 2)],
    "titles with addresses": lambda count: ["09:00 一句。\n一則\nhttps://example.com/a"] * (count // 3),
    "the title again": lambda count: ["燈塔︱重新亮燈|持續更新"] * count,
    "days of the event": lambda count: ["Day 1\n【09:00】一句。"] * (count // 2),
    "times inside a line": lambda count: ["一句。" + "【09:00】一句。" * count],
    "times in the middle": lambda count: ["東堤道（09:00）：一句。"] * count,
    "times below their text": lambda count: ["標題\n一句。\n陳大文 09:00"] * (count // 3),
    "days below times": lambda count: ["09:00\n19/3/2026\n標題\n一句。"] * (count // 4),
    "key events": lambda count: ["09:00\n標題"] * (count // 3) + ["09:00\n標題\n一句。"] * (count // 3),
    "embedded posts": lambda count: (
        ["09:00 一句。\n陳大文\n@chan\n一句。\n9:00 AM · Mar 19, 2026"] * (count // 5)
    ),
    "parts of the day": lambda count: ["下午：\n1:30 一句。"] * (count // 2),
    "pinned posts": lambda count: ["置頂\n09:00 一句。"] * (count // 2),
    "buttons": lambda count: ["返回\n09:00\n標題\n一句。"] * (count // 4),
    "left out": lambda count: ["【09:00】一句。", *["分享"] * count],
}


@pytest.mark.parametrize("make", MANY_LINES.values(), ids=MANY_LINES)
def test_reading_and_writing_lines_is_linear(make):
    def read_and_write(count: int) -> None:
        write(parse(copy_of(make(count))))

    assert_linear(read_and_write, 400)


def test_reading_and_writing_distinct_days_is_linear():
    def dated_updates(count: int) -> list[str]:
        days = (date(2026, 3, 1) + timedelta(days=offset) for offset in range(count))
        return [f"{day.month}月{day.day}日最新消息\n標題\n一句。" for day in reversed(list(days))]

    assert_linear(lambda count: write(parse(copy_of(dated_updates(count)))), 300)


LONG_LINES = {
    "letters": "a" * LENGTH,
    "characters": "字" * LENGTH,
    "digits": "1" * LENGTH,
    "spaces": "a" + " " * LENGTH + "b",
    "words": "a " * (LENGTH // 2),
    "opening brackets": "【" * LENGTH,
    "closing brackets": "】" * LENGTH,
    "round brackets": "(" * LENGTH,
    "empty brackets": "一。" + "()" * (LENGTH // 2) + "x",
    "full stops": "." * LENGTH + "x",
    "stops and quotes": '。"' * (LENGTH // 2) + "x",
    "a stop and quotes": "。" + '"' * LENGTH + "x",
    "colons after a mark": "【更新" + ":" * LENGTH,
    "commas after a day": "【1日" + "," * LENGTH,
    "times": "09:00" * (LENGTH // 5),
    "times in brackets": "【09:00】" * (LENGTH // 7),
    "periods of the day": "晚上" * (LENGTH // 2),
    "Chinese numbers": "十" * LENGTH,
    "years": "2026年" * (LENGTH // 5),
    "addresses": "相關新聞:" + "http://a" * (LENGTH // 8) + " x",
    "an address that does not end": "相關新聞:一 https://" + "a" * LENGTH,
    "arrows": ">" * LENGTH,
    "bars": "|" * LENGTH,
    "bars and spaces": "| " * (LENGTH // 2),
    "dashes": "-" * LENGTH + "x",
    "captions": "圖:" * (LENGTH // 2),
    "updates": "Updates: " + "1" * LENGTH,
    "days in English": "Updates: " + "monday, " * (LENGTH // 8),
    "running marks": "持續更新" * (LENGTH // 4),
    "invisible": "\u200b" * LENGTH + "x",
    "colons before an address": ":" * LENGTH + "http",
    "arrows around": "↓" * LENGTH + "x",
    "names with points": "By " + "A. " * (LENGTH // 3),
    "capitals": "A " * (LENGTH // 2) + ": x",
    "zones": "All times are " * (LENGTH // 14),
}


@pytest.mark.parametrize("line", LONG_LINES.values(), ids=LONG_LINES)
def test_long_line_is_parsed_or_refused_without_redos(line):
    """Guard against ReDoS: a backtracking pattern would take hours for these lines, and time out the run."""
    for text in (
        line,
        f"{HEAD.splitlines()[0]}\n{line}",
        f"{HEAD}{line}",
        f"{HEAD}19日最新消息\n標題\n{line}",
        f"{HEAD}19日最新消息\n{line}\n【09:00】一句。",
    ):
        with suppress(ArticleError):
            parse(read(text.encode()))


def test_too_many_lines_are_refused_before_parsing():
    text = copy_of([".條目"] * MAX_LINES)
    with pytest.raises(ArticleError) as error:
        parse(text)
    assert (error.value.line, error.value.reason) == (
        MAX_LINES + 1,
        "The article is too long: it has more than 20000 lines. Load it in parts.",
    )
    assert count_calls(lambda: _refusal(text)) < 100
    parse(copy_of([".條目"] * (MAX_LINES - 2)))


def _refusal(text: str) -> None:
    with pytest.raises(ArticleError):
        parse(text)


def test_too_many_updates_are_refused_with_the_line_of_the_first_extra_one():
    lines = [f"【{index // 60 % 24:02}:{index % 60:02}】一句。" for index in range(MAX_UPDATES + 1)]
    with pytest.raises(ArticleError) as error:
        parse(copy_of(["19日最新消息", *lines]))
    assert (error.value.line, error.value.reason) == (
        MAX_UPDATES + 4,
        "The article has more than 1000 updates. Load it in parts.",
    )
    assert len(parse(copy_of(["19日最新消息", *lines[:-1]])).entries) == MAX_UPDATES


def test_file_at_the_size_limit_is_read_and_a_larger_one_refused():
    assert len(read(b"a" * MAX_BYTES)) == MAX_BYTES
    with pytest.raises(ArticleError, match="more than 2 MB"):
        read(b"a" * (MAX_BYTES + 1))


@pytest.mark.parametrize("stamp", ["9999-12-31 23:59", "0001-01-01 00:00", "2101-01-01 00:00"])
def test_publication_year_outside_the_supported_range_is_refused(stamp):
    with pytest.raises(ArticleError) as error:
        parse(f"標題\n{stamp}\n【23:50】一句。\n【09:00】一句。\n")
    assert error.value.line == 2


def test_impossible_days_are_refused():
    lines = ["2月29日最新消息", "2月28日最新消息"] * 2_500
    with pytest.raises(ArticleError) as error:
        parse(copy_of(lines))
    assert "There is no such day." in error.value.reason


# Matching and placing


def untimed(count: int, words: str) -> list[Entry]:
    return [
        Entry(DAY, None, f"{words}{index}", (Paragraph(f"{words}之{index % 7}"),)) for index in range(count)
    ]


@pytest.mark.parametrize("is_erased", [False, True])
@pytest.mark.parametrize("has_neighbours", [False, True])
def test_matching_untimed_updates_is_linear(is_erased, has_neighbours):
    def rematch(count: int) -> None:
        copy, saved = untimed(count, "新的一句話說第"), untimed(count, "舊的一句話講第")
        digests = [f"new {index}" for index in range(count)]
        imported = [f"old {index}" for index in range(count)]
        if has_neighbours:
            # Every other update matches by its digest, so there are as many gaps as updates.
            digests[::2] = imported[::2]
        known = [Known(entry, old, is_erased) for entry, old in zip(saved, imported, strict=True)]
        match(copy, digests, known)

    assert_linear(rematch, 400)


def test_identical_updates_stay_unmatched_in_linear_time():
    entry = Entry(DAY, time(9), "同一標題", (Bullets(("甲",)), Related("乙")))

    def rematch(count: int) -> None:
        known = [Known(entry, "old")] * (count - 1)
        assert match([entry] * count, ["new"] * count, known).pairs == {}

    assert_linear(rematch, 400)


SLOTS = {
    "untimed on one day": lambda index: Slot(DAY, None),
    "untimed on different days": lambda index: Slot(DAY - timedelta(days=index), None),
    "timed in one minute": lambda index: Slot(DAY, time(9)),
    "timed in different minutes": lambda index: Slot(DAY - timedelta(days=index // 9), time(9 - index % 9)),
    "alternately timed and untimed": lambda index: Slot(DAY, time(9) if index % 2 else None),
    "alternating with fixed ones": lambda index: Slot(
        DAY, None, PUBLISHED_AT - timedelta(minutes=index) if index % 2 else None
    ),
}


@pytest.mark.parametrize("make", SLOTS.values(), ids=SLOTS)
def test_placing_updates_is_linear(make):
    assert_linear(lambda count: place([make(index) for index in range(count)], PUBLISHED_AT), 400)


# Loading


def copy_with(count: int) -> Article:
    return parse(copy_of(headed(count)))


@pytest.mark.django_db
def test_preview_runs_a_constant_number_of_queries():
    load(copy_with(20), by=SYSTEM, slug="lighthouse", publish=True)

    def queries(count: int) -> int:
        article = parse(copy_of(headed(count, "第{}句,改了。\n相關新聞:一則".format)))
        with CaptureQueriesContext(connection) as captured:
            report = load(article, by=SYSTEM, slug="lighthouse", publish=True, dry_run=True)
        assert len(report.outcomes) >= count
        return len(captured)

    assert queries(20) == queries(80)


@pytest.mark.django_db
def test_preview_is_linear_in_updates():
    def preview(count: int) -> None:
        load(copy_with(count), by=SYSTEM, slug="lighthouse", publish=True, dry_run=True)

    assert_linear(preview, 100)


@pytest.mark.django_db
def test_load_and_write_back_run_a_linear_number_of_queries():
    def statements(slug: str, count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            load(copy_with(count), by=SYSTEM, slug=slug, publish=True)
            write_blog(LiveBlog.objects.get(slug=slug))
        return len(captured)

    assert statements("twice", 80) <= 2 * statements("once", 40)


@pytest.mark.django_db
def test_overlong_standfirst_is_refused_in_the_preview():
    article = parse(copy_of(["一句導語。"] * 2_000))
    with pytest.raises(ArticleError, match="standfirst") as error:
        load(article, by=SYSTEM, dry_run=True)
    assert error.value.line == 1


@pytest.mark.django_db
def test_exporting_a_long_standfirst_is_linear():
    blog = make_blog()

    def write_standfirst(count: int) -> None:
        blog.standfirst = "\n".join(["• 一點"] * count)
        article_of(blog, [])

    assert_linear(write_standfirst, 400)


@pytest.mark.django_db(transaction=True)
def test_preview_succeeds_while_another_transaction_writes():
    """Preview without the write lock, which earlier versions held for up to a minute."""
    blog = make_blog()
    client = signed_in(make_person("Editor"))
    is_locked, is_previewed = Event(), Event()

    def write_slowly() -> None:
        with transaction.atomic():
            LiveBlog.objects.select_for_update().filter(pk=blog.pk).update(kicker="佔用")
            is_locked.set()
            is_previewed.wait(60)
        connection.close()

    writer = Thread(target=write_slowly)
    writer.start()
    is_locked.wait(60)
    try:
        answer = client.post(f"{desk_path(blog)}paste/", {"text": copy_of(headed(40)), "publish": "on"})
    finally:
        is_previewed.set()
        writer.join()
    assert (answer.status_code, len(answer.context["entries"])) == (200, 40)
    assert not Update.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hant", "zh-hans"])
def test_limit_message_is_in_the_editors_language(language):
    client = signed_in(make_person("Editor"), {"accept-language": language})
    translation.activate(language)
    text = copy_of([".條"] * MAX_LINES)
    answer = client.post(f"{desk_path(make_blog())}paste/", {"text": text})
    assert answer.status_code == 422
    assert "20000" in answer.context["error"]
    assert "The article" not in answer.context["error"]
