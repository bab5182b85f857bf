"""Publishing from the composer: keyboard shortcut, input methods, retries, undo and event times."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect

from liveblog.models import Submission, Update
from newsroom import hongkong
from tests.desk.composing import CHORD, write
from tests.factories import make_blog
from tests.waiting import wait_for


def test_one_chord_publishes_and_readers_receive_the_update(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    expect(page.locator("#id_heading")).to_be_focused()
    page.keyboard.insert_text("天文台改發八號風球")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("所有學校停課。")
    page.keyboard.press(CHORD)
    expect(page.locator(".toast")).to_contain_text("Live")
    update = Update.objects.get()
    assert (update.status, update.heading, update.body) == (
        "published",
        "天文台改發八號風球",
        "<p>所有學校停課。</p>",
    )
    payload = page.request.get(f"/live/{blog.slug}/changes.json?after=1").json()
    assert [row["heading"] for row in payload["updates"]] == ["天文台改發八號風球"]
    # The composer is empty and focused for the next update.
    expect(page.locator(".row h3")).to_have_text("天文台改發八號風球")
    expect(page.locator("#id_heading")).to_be_focused()
    expect(page.locator("#id_heading")).to_have_value("")
    expect(page.locator(".tiptap")).to_have_text("")


def test_two_fast_chords_publish_once(open_desk):
    page = open_desk(make_blog())
    write(page, "號外", "內文")
    page.keyboard.press(CHORD)
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(1)
    # Send each submission twice, as a retry after a lost response does.
    page.evaluate(
        """() => {
          const send = window.fetch;
          window.fetch = async (url, options) => {
            if (options?.body instanceof FormData && options.body.get("action")) {
              await send(url, options);
              return send(url, options);
            }
            return send(url, options);
          };
        }"""
    )
    write(page, "二")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(2)
    assert (Update.objects.count(), Submission.objects.count()) == (2, 2)


def test_next_update_can_be_typed_during_a_slow_submission(open_desk):
    page = open_desk(make_blog())
    write(page, "一", "內文")
    page.route("**/desk/", lambda route: page.wait_for_timeout(300) or route.continue_())
    page.keyboard.press(CHORD)
    page.keyboard.insert_text("二")
    expect(page.locator(".row h3")).to_have_text("一")
    expect(page.locator("#id_heading")).to_have_value("二")


def test_enter_during_input_method_composition_publishes_nothing(open_desk):
    page = open_desk(make_blog())
    write(page, "號外", "內文")
    for key in ("{key: 'Enter', isComposing: true}", "{key: 'Process', keyCode: 229}"):
        for modifier in ("ctrlKey: true", "metaKey: true", "ctrlKey: false"):
            page.evaluate(
                f"""() => document.activeElement.dispatchEvent(new KeyboardEvent(
                  "keydown", {{...{key}, {modifier}, bubbles: true, cancelable: true}}))"""
            )
    # Real composition: Chinese letters are still being chosen when Enter is pressed.
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "ㄈㄥ", "selectionStart": 2, "selectionEnd": 2})
    session.send(
        "Input.dispatchKeyEvent",
        {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 229, "modifiers": 2},
    )
    session.send("Input.insertText", {"text": "風"})
    expect(page.locator(".tiptap")).to_have_text("內文風")
    wait_for(lambda: page.locator("[data-autosave]").inner_text().startswith("Your text is kept"))
    assert not Update.objects.exists()


def test_undo_returns_the_update_to_draft_and_leaves_no_tombstone(open_desk, new_page, server):
    blog = make_blog()
    reader = new_page()
    reader.goto(f"{server.url}/live/{blog.slug}/")
    page = open_desk(blog)
    write(page, "誤報")
    page.keyboard.press(CHORD)
    expect(reader.locator("li.update")).to_have_count(1)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#id_heading")).to_have_value("誤報")
    assert Update.objects.get().status == "draft"
    expect(reader.locator("li.update")).to_have_count(0)
    expect(reader.locator("#updates")).not_to_contain_text("撤回")
    expect(page.locator("[data-count=drafts]")).to_have_text("1")


def test_past_time_is_accepted_and_a_future_time_is_refused_keeping_the_text(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "現在")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(1)
    write(page, "昨天")
    yesterday, tomorrow = hongkong.now() - timedelta(days=1), hongkong.now() + timedelta(days=1)
    page.fill("#id_happened_day", f"{yesterday:%Y-%m-%d}")
    page.fill("#id_happened_clock", "09:05")
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".row h3")).to_have_text(["現在", "昨天"])
    assert hongkong.to_hong_kong(Update.objects.get(heading="昨天").happened_at).strftime("%H:%M") == "09:05"
    write(page, "明天")
    page.fill("#id_happened_day", f"{tomorrow:%Y-%m-%d}")
    page.fill("#id_happened_clock", "09:05")
    page.locator("#id_heading").press(CHORD)
    expect(page.get_by_role("alert").first).to_contain_text("in the future")
    expect(page.locator("#id_heading")).to_have_value("明天")
    expect(page.locator("#id_happened_clock")).to_have_value("09:05")
    assert [error for error in console_errors if "422" not in error] == []
    console_errors.clear()


def test_update_without_a_clock_time_shows_only_its_day(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "聲明")
    page.check("[name=is_time_unknown]")
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".row time")).to_have_text(f"{hongkong.now().day} {hongkong.now():%B}")
    assert Update.objects.get().has_clock_time is False


def test_form_without_javascript_publishes_and_offers_undo(open_desk):
    blog = make_blog()
    page = open_desk(blog, java_script_enabled=False)
    page.fill("#id_heading", "號外")
    page.fill("#id_body", "第一段\n第二段")
    page.get_by_role("button", name="Publish").click()
    update = Update.objects.get()
    assert (update.is_published, update.body) == (True, "<p>第一段</p><p>第二段</p>")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    update.refresh_from_db()
    assert update.status == "draft"


def test_refusal_without_javascript_keeps_all_fields(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog, java_script_enabled=False)
    page.fill("#id_heading", "號外")
    page.get_by_text("Byline, source, related stories").click()
    page.fill("[name=story_title] >> nth=0", "旁述")
    page.fill("[name=story_url] >> nth=0", "https://example.com/a b")
    page.fill("#id_source", "路透")
    page.check("[name=is_key_event]")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert").first).to_contain_text("not a web address")
    expect(page.locator("#id_heading")).to_have_value("號外")
    expect(page.locator("[name=story_url] >> nth=0")).to_have_value("https://example.com/a b")
    expect(page.locator("#id_source")).to_have_value("路透")
    expect(page.locator("[name=is_key_event]")).to_be_checked()
    assert not Update.objects.exists()
    assert [error for error in console_errors if "422" not in error] == []
    console_errors.clear()
