"""Running copy pasted at the desk: previewed first, and saved on confirmation as the importer saves it."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import expect

from liveblog.articles.parse import parse, read
from liveblog.models import LiveBlog, RelatedStory, Update
from tests.desk.composing import COPY
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person, signed_in

SAMPLES = ("typhoon-en.txt", "typhoon-zh-hant.txt", "ukraine-2025-03-18.txt")


def blog_as_saved(blog: LiveBlog) -> dict[str, object]:
    """Return the fields that an article sets on a blog, its updates (oldest first) and related stories."""
    blog.refresh_from_db()
    blog_fields = (
        "kicker",
        "headline",
        "standfirst",
        "coverage_start_at",
        "coverage_end_at",
        "status",
        "language",
    )
    update_fields = ("heading", "body", "happened_at", "has_clock_time", "status", "first_published_at")
    updates = Update.objects.filter(blog=blog).order_by("happened_at", "pk")
    return {name: getattr(blog, name) for name in blog_fields} | {
        "updates": list(updates.values_list(*update_fields, "imported_hash")),
        "stories": sorted(
            RelatedStory.objects.filter(update__blog=blog).values_list("title", "after_block", "url")
        ),
    }


def test_pasted_sample_is_saved_as_the_importer_saves_it(open_desk, samples: Path):
    chief = make_person("Chief editor")
    for name in SAMPLES:
        article = parse(read((samples / name).read_bytes()))
        blog = make_blog(is_live=False, language=article.language, headline="待定")
        page = open_desk(blog, user=chief)
        page.locator("[data-menu] > summary").click()
        page.get_by_role("link", name="Paste running copy").click()
        page.locator("#copy-text").fill((samples / name).read_text())
        page.get_by_label("Also take the title and the standfirst").check()
        page.get_by_role("button", name="Show how it will be read").click()
        expect(page.locator(".rows .row")).to_have_count(len(article.entries))
        expect(page.locator(".understood dd").first).to_contain_text(article.headline)
        expect(page.locator(".doubts li")).to_have_count(len(article.doubts))
        assert not Update.objects.filter(blog=blog).exists()
        page.get_by_role("button", name="Save and publish this").click()
        expect(page.locator(".messagelist")).to_contain_text(f"New: {len(article.entries)}.")
        expect(page.locator(".row")).to_have_count(min(20, len(article.entries)))
        call_command(
            "import_article", str(samples / name), "--publish", "--blog", f"other-{blog.pk}", verbosity=0
        )
        assert blog_as_saved(blog) == blog_as_saved(LiveBlog.objects.get(slug=f"other-{blog.pk}"))
        page.context.close()


@pytest.fixture
def editor_client(db) -> Client:
    return signed_in(make_person("Editor"))


def paste(client: Client, blog: LiveBlog, **form: object) -> HttpResponse:
    return client.post(f"{desk_path(blog)}paste/", form)


def confirm(client: Client, blog: LiveBlog, preview: HttpResponse) -> HttpResponse:
    """Confirm the preview: post its copy and options again with `confirm`."""
    options = {name: "on" for name, is_on in preview.context["chosen"].items() if is_on}
    day, clock = preview.context["published"]
    fields = {
        "copy": preview.context["copy"],
        "note": preview.context["note"],
        "confirm": "yes",
        "published_day": day,
        "published_clock": clock,
    } | preview.context["given"]
    return paste(client, blog, **fields, **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5hkscs", "gb18030"])
def test_uploaded_file_is_read_in_any_chinese_encoding(editor_client, encoding):
    blog = make_blog()
    file = SimpleUploadedFile("copy.txt", COPY.encode(encoding), content_type="text/plain")
    preview = paste(editor_client, blog, file=file, publish="on")
    assert (preview.status_code, b64decode(preview.context["copy"]).decode(encoding)) == (200, COPY)
    assert not Update.objects.exists()
    assert confirm(editor_client, blog, preview).status_code == 302
    assert list(Update.objects.order_by("happened_at").values_list("heading", "body", "status")) == [
        ("動工", "<p>工程人員抵達。</p>", "published"),
        ("修復完成", "<p>工程人員離開。</p>", "published"),
    ]


def test_pasting_newer_copy_changes_only_the_changed_update(editor_client):
    blog = make_blog()
    confirm(editor_client, blog, paste(editor_client, blog, text=COPY, publish="on"))
    first, second = Update.objects.order_by("happened_at")
    numbers = [first.number, second.number]
    newer = COPY.replace("工程人員離開", "五名工程人員離開")
    preview = paste(editor_client, blog, text=newer, publish="on", note="應為五名。")
    assert [entry["action"] for entry in preview.context["entries"]] == ["Changed", "Unchanged"]
    confirm(editor_client, blog, preview)
    first.refresh_from_db()
    second.refresh_from_db()
    blog.refresh_from_db()
    assert ([first.number, second.number], second.body) == (
        [numbers[0], blog.number],
        "<p>五名工程人員離開。</p>",
    )
    assert list(second.revisions.order_by("pk").values_list("kind", "note")) == [
        ("published", ""),
        ("correction", "應為五名。"),
    ]


def save_button(response: HttpResponse) -> str:
    """Return the start tag of the preview's button that saves."""
    match = re.search(r'<button[^>]*name="confirm"[^>]*>', response.content.decode())
    assert match
    return match[0]


def article_of(story: str, updates: int) -> str:
    """Return an article in our own form; articles of different stories have only update times in common."""
    entries = [
        f"{story}{number}\n【{9 + number:02}:05】{story * (number + 3)}。" for number in range(updates)
    ]
    return "\n".join([f"{story}|持續更新", "2025-03-09 09:00", "9日最新消息", *reversed(entries)])


@pytest.mark.parametrize(
    ("saved", "pasted", "is_warned"),
    [
        (article_of("海底電纜", 4), article_of("颱風掠過", 6), True),
        (article_of("海底電纜", 4), article_of("海底電纜", 6), False),
        # The copy has grown: only an eighth of its updates are known, but they are all the saved ones.
        (article_of("海底電纜", 1), article_of("海底電纜", 8), False),
        ("", article_of("颱風掠過", 6), False),
    ],
)
def test_copy_of_another_story_is_flagged_first_and_saving_is_not_the_primary_button(
    editor_client: Client, saved: str, pasted: str, is_warned: bool
) -> None:
    blog = make_blog()
    if saved:
        confirm(editor_client, blog, paste(editor_client, blog, text=saved, publish="on"))
    page = paste(editor_client, blog, text=pasted, publish="on")
    content = page.content.decode()
    assert ("Is this copy about another story?" in content) is is_warned
    assert ("default" in save_button(page)) is not is_warned
    if is_warned:
        assert content.index("another story") < content.index("data-summary")


def test_editor_without_permission_cannot_replace_the_blog_headline(editor_client):
    blog = make_blog(headline="自己的標題")
    assert 'name="head"' not in editor_client.get(f"{desk_path(blog)}paste/").content.decode()
    preview = paste(editor_client, blog, text=COPY, publish="on")
    assert "(the live blog keeps its own title)" in preview.content.decode()
    confirm(editor_client, blog, preview)
    blog.refresh_from_db()
    assert (blog.headline, blog.kicker, blog.standfirst, blog.updates.count()) == ("自己的標題", "", "", 2)
    assert paste(editor_client, blog, text=COPY, head="on", confirm="yes").status_code == 403


@pytest.mark.parametrize(
    ("copy", "message"),
    [
        (b"", "Line 1: "),
        (b"\x00\x01\x02\xff\xfe\xfd" * 50, "Line "),
        ("只有一行".encode(), "Line "),
        (COPY.replace("【09:05】", "【29:99】").encode(), "Line 6: "),
        (COPY.replace("2026-03-19 10:00", "昨天").encode(), "Line 2: "),
    ],
    ids=["empty", "binary", "a title alone", "no such time", "no date"],
)
def test_bad_copy_gets_one_error_with_its_line_and_stays_in_the_form(editor_client, copy, message):
    blog = make_blog()
    file = SimpleUploadedFile("copy.txt", copy, content_type="text/plain")
    for form in ({"file": file}, {"text": copy.decode(errors="replace")}):
        response = paste(editor_client, blog, **form)
        assert response.status_code == 422
        assert response.context["error"].startswith(message), response.context["error"]
        assert response.context["text"] == form.get("text", "")
    assert not Update.objects.exists()


@pytest.mark.django_db
def test_missing_publication_time_can_be_given_on_the_form(editor_client: Client) -> None:
    blog = make_blog()
    text = "渡輪擱淺\n【20:30】乘客上岸。\n分享\n【18:20】渡輪擱淺。"
    response = paste(editor_client, blog, text=text)
    assert (response.status_code, "publication time" in response.context["error"]) == (422, True)
    preview = paste(editor_client, blog, text=text, published_day="2026-03-18", published_clock="20:45")
    assert [line.text for line in preview.context["left_out"]] == ["分享"]
    assert "times as 【20:30】" in preview.content.decode()
    confirm(editor_client, blog, preview)
    assert Update.objects.filter(blog=blog).count() == 2


@pytest.mark.django_db
def test_day_that_cannot_be_read_is_refused(editor_client: Client) -> None:
    preview = paste(editor_client, make_blog(), text=COPY, **{"role-1": "", "day-1": "19.3."})
    assert preview.context["errors"] == ["There is no such day or time."]
    assert "disabled" in preview.content.decode().split('name="confirm"')[1].split(">")[0]


def test_publication_time_is_typed_as_on_the_desk(open_desk) -> None:
    blog = make_blog()
    page = open_desk(blog, role="Chief editor")
    page.goto(f"{desk_path(blog)}paste/")
    assert page.locator(":is(input[type=date], input[type=time], input[type=datetime-local])").count() == 0
    page.locator("#copy-text").fill("渡輪擱淺\n【20:30】乘客上岸。\n分享\n【18:20】渡輪擱淺。")
    page.locator("#id_published_clock").fill("2045")
    page.get_by_role("button", name="Yesterday").click()
    expect(page.locator("#id_published_clock")).to_have_value("20:45")
    day = page.locator("#id_published_day").input_value()
    page.get_by_role("button", name="Show how it will be read").click()
    page.locator("#copy-notation > summary").click()
    expect(page.locator("#id_published_day")).to_have_value(day)
    # A chip reads the copy again, and keeps its focus.
    with page.expect_response("**/paste/"):
        page.get_by_role("button", name="Today").click()
    expect(page.get_by_role("button", name="Today")).to_be_focused()
    expect(page.get_by_role("button", name="Today")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#id_published_day")).not_to_have_value(day)


@pytest.mark.django_db
def test_encoding_that_the_file_does_not_declare_can_be_chosen(editor_client: Client) -> None:
    blog = make_blog()
    file = SimpleUploadedFile("copy.txt", COPY.encode("big5hkscs"), content_type="text/plain")
    preview = paste(editor_client, blog, file=file)
    assert preview.context["guess"] == "Big5-HKSCS"
    chosen = paste(editor_client, blog, copy=preview.context["copy"], encoding="gb18030")
    assert (chosen.context["encoding"], chosen.context["source"] == COPY) == ("gb18030", False)
    again = paste(editor_client, blog, copy=chosen.context["copy"], encoding="")
    assert again.context["source"] == COPY


@pytest.mark.django_db
def test_long_article_is_paged_and_keeps_the_choices_of_every_page(editor_client: Client) -> None:
    blog = make_blog()
    updates = "".join(
        f"【{23 - hour:02}:{59 - minute:02}】第{hour}時{minute}分。\n"
        for hour in range(8)
        for minute in range(60)
    )
    text = f"渡輪擱淺︱百人獲救\n發佈時間：2025-03-18 17:14\n{updates}"
    first = paste(editor_client, blog, text=text, **{"role-5": "text"})
    assert [line.number for line in first.context["lines"]] == list(range(1, 301))
    carry = {"copy": first.context["copy"]}
    second = paste(editor_client, blog, **carry, **{"role-5": "left-out"}, go="1")
    assert [line.number for line in second.context["lines"]] == list(range(301, 483))
    carry |= {"choices": second.context["carried"], "page": "1"}
    last = paste(editor_client, blog, **carry, **{"role-482": "left-out"})
    assert [line.number for line in last.context["left_out"]] == [5, 482]
    assert last.context["page"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "choices", ["{", "[[1]]", "[[true, 1, 2, 3]]", '[[5, "x", "heading", "9999-99-99"]]', "5"]
)
def test_damaged_choices_are_ignored(editor_client: Client, choices: str) -> None:
    response = paste(editor_client, make_blog(), text=COPY, choices=choices, go="99", use="²")
    assert (response.status_code, len(response.context["entries"])) == (200, 2)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "data"), [("copy.pdf", b"%PDF-1.4"), ("copy.docx", b"PK\x03\x04damaged")])
def test_other_files_are_refused_with_a_reason(editor_client: Client, name: str, data: bytes) -> None:
    response = paste(editor_client, make_blog(), file=SimpleUploadedFile(name, data))
    assert response.status_code == 422
    assert response.context["error"].startswith("Line 1: This ")


@pytest.mark.django_db
def test_only_people_who_may_write_convert_a_pasted_web_page_to_text(editor_client: Client) -> None:
    blog = make_blog()
    path = f"{desk_path(blog)}paste/text/"
    assert editor_client.post(path, {"html": "<ul><li>甲</li></ul>"}).json() == {"text": "• 甲"}
    stranger = signed_in(make_person("Syndication manager"))
    assert stranger.post(path, {"html": "x"}).status_code == 403
    assert editor_client.get(path).status_code == 405
