"""Pictures, related stories, embeds, bylines and pasted text in the composer."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.desk.composer import ComposerForm
from liveblog.models import Byline, Image, Update
from liveblog.publishing import SYSTEM
from newsroom.text.external_media import FRAME_ORIGINS
from tests.desk.composing import CHORD, forget_refusals, open_readers_page, write
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_image, make_person, make_update, picture_file, signed_in
from tests.waiting import wait_for

VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
# Clipboard HTML as browsers deliver it from word processors and from a web page.
FROM_WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>
p.MsoNormal {mso-style-parent:""; margin:0cm;}</style></head><body lang=ZH-TW><!--StartFragment-->
<p class=MsoNormal style='mso-margin-top-alt:auto'>
<span lang=EN-US style='font-family:"Calibri";mso-bidi-font-size:11pt'>The
<b style='mso-bidi-font-weight:normal'>Observatory</b> said<o:p></o:p></span></p>
<p class=MsoNormal><span style='color:red'>市民應<i>盡早</i>回家。</span>
<span lang=EN-US><o:p>&nbsp;</o:p></span></p>
<!--EndFragment--></body></html>"""
FROM_GOOGLE = """<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"
style="line-height:1.38"><span style="font-weight:400;">市民應</span>
<span style="font-weight:700;">盡早</span><span style="font-style:italic">回家</span></p></b>"""
FROM_THE_WEB = """<meta charset="utf-8"><div class="c-body" onclick="track()"><h1 style="color:red">現場</h1>
<p id="x" onmouseover="alert(1)">見<a href="javascript:alert(1)">這裡</a>及<a href="https://example.com/a"
target="_blank" rel="opener" onclick="go()">那裡</a></p><script>alert(1)</script><iframe src="https://example.com/">
</iframe><ul class="l"><li>一</li><li>二</li></ul></div>"""

# Word writes lists as paragraphs with the marker (a symbol-font letter or a number) in a separate span.
WORD_LISTS = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><!--StartFragment-->
<p class=MsoListParagraphCxSpFirst style='margin-left:36.0pt;text-indent:-18.0pt;mso-list:l0 level1 lfo1'>
<![if !supportLists]><span lang=EN-US style='font-family:Wingdings'><span style='mso-list:Ignore'>l<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span></span><![endif]>上環<o:p></o:p>
</p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'><![if !supportLists]>
<span style='font-family:Courier'><span style='mso-list:Ignore'>o<span>&nbsp;&nbsp; </span></span></span>
<![endif]>永樂街</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><![if !supportLists]>
<span style='mso-list:Ignore'>·<span>&nbsp; </span></span><![endif]>大澳
</p>
<p class=MsoListParagraph style='text-indent:-18.0pt;mso-list:l1 level1 lfo2'><![if !supportLists]><span
style='mso-list:Ignore'>3.<span>&nbsp;&nbsp; </span></span><![endif]>撤離</p>
<p class=MsoListParagraph style='text-indent:-18.0pt;mso-list:l1 level1 lfo2'><![if !supportLists]><span
style='mso-list:Ignore'>4.<span>&nbsp;&nbsp; </span></span><![endif]>點名<span style='display:none'>密</span>
</p>
<p class=MsoNormal>水位<span style='text-decoration:line-through'>二</span>三米<span
style='vertical-align:super'>註</span></p><p class=MsoQuote>不可上山</p><!--EndFragment--></body></html>"""
WORD_ONLINE_LISTS = """<div class="ListContainerWrapper SCXW1"><ul class="BulletListStyle1" role="list"><li
data-aria-level="1"><p class="Paragraph">一</p></li></ul></div><div class="ListContainerWrapper SCXW1"><ul
class="BulletListStyle1" role="list"><li data-aria-level="1"><p class="Paragraph">二</p></li></ul></div>"""


def transfer(
    page: Page, kind: str, *, html: str = "", text: str = "", picture: bytes = b"", name: str = ""
) -> None:
    """Dispatch a paste or drop event (`kind`) with this data to the editor."""
    page.evaluate(
        """([kind, html, text, picture, name]) => {
          const data = new DataTransfer();
          if (html) data.setData("text/html", html);
          if (text) data.setData("text/plain", text);
          if (name) {
            const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
            const type = name.endsWith(".jpg") ? "image/jpeg" : "application/pdf";
            data.items.add(new File([bytes], name, { type }));
          }
          const options = { bubbles: true, cancelable: true };
          const event = kind === "paste"
            ? new ClipboardEvent("paste", { ...options, clipboardData: data })
            : new DragEvent("drop", { ...options, dataTransfer: data });
          const target = document.querySelector(".tiptap");
          target.focus();
          target.dispatchEvent(event);
        }""",
        [kind, html, text, base64.b64encode(picture).decode(), name],
    )


def describe(page: Page, alt: str) -> None:
    expect(page.locator(".picture-pending [data-alt]")).to_be_focused()
    page.keyboard.insert_text(alt)
    page.keyboard.press("Enter")
    expect(page.locator(".picture-pending")).to_have_count(0)
    expect(page.locator(".picture-item img").last).to_have_attribute("alt", alt)


def test_pictures_can_be_chosen_pasted_or_dropped_and_described_by_keyboard(
    open_desk, new_page, server, console_errors
):
    blog = make_blog(language="en")
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog)
    jpeg = picture_file().read()
    write(page, "現場圖片")
    page.locator("[data-more] > summary").click()
    # A file that is not a picture is refused with a reason, by the browser or by the server.
    transfer(page, "drop", picture=b"%PDF", name="plan.pdf")
    expect(page.locator(".toast")).to_have_text(
        "“plan.pdf” is not a picture: use JPEG, PNG, WebP, AVIF or GIF."
    )
    page.locator("[data-picture-choose]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    )
    error = page.locator("[data-picture-error]")
    page.keyboard.press(CHORD)
    expect(error).to_have_text("Say what the picture shows, for readers who do not see it.")
    expect(page.locator("[data-alt]")).to_be_focused()
    page.keyboard.insert_text("海旁")
    page.keyboard.press("Enter")
    expect(error).to_have_text(
        "This file is not a picture that can be read: use JPEG, PNG, WebP, AVIF or GIF."
    )
    forget_refusals(console_errors, 422)
    page.get_by_role("button", name="Remove").click()
    # Choose a picture and fill in all of its fields.
    page.locator("[data-picture-choose]").set_input_files(
        {"name": "DSC_0042.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
    )
    pending = page.locator(".picture-pending")
    expect(pending.locator("[data-alt]")).to_be_focused()
    page.keyboard.insert_text("海旁巨浪")
    for text in ("陳大文攝", "杏花邨昨晚"):
        page.keyboard.press("Tab")
        page.keyboard.insert_text(text)
    # The focal point is set on the picture itself, or with the arrow keys.
    box = pending.locator("[data-local]").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.9)
    expect(pending.get_by_role("radio", name="column 1 of 5, row 5 of 5")).to_be_checked()
    position = "image => getComputedStyle(image).objectPosition"
    assert pending.locator("[data-crop]").first.evaluate(position) == "0% 100%"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(pending.get_by_role("radio", name="column 3 of 5, row 3 of 5")).to_be_focused()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(pending.get_by_role("radio", name="column 5 of 5, row 2 of 5")).to_be_checked()
    routes = []
    page.route("**/pictures/", lambda route: routes.append(route))
    # It is uploaded as soon as the focus leaves it.
    with page.expect_request("**/pictures/"):
        page.locator("#id_source").focus()
    expect(pending.locator("progress")).to_be_visible()
    routes[0].continue_()
    expect(page.locator("[data-picture] img")).to_have_attribute("alt", "海旁巨浪")
    page.unroute_all(behavior="wait")
    transfer(page, "paste", picture=jpeg, name="image.jpg")
    describe(page, "吹倒的樹")
    expect(page.locator(".tiptap")).to_be_focused()
    # Publishing takes a described picture along.
    transfer(page, "drop", picture=jpeg, name="tram.jpg")
    expect(page.locator(".picture-pending [data-alt]")).to_be_focused()
    page.keyboard.insert_text("停駛的電車")
    assert not Update.objects.exists()
    page.keyboard.press(CHORD)
    expect(reader.locator("#updates img")).to_have_count(3)
    fields = ("alt", "credit", "caption", "focal_column", "focal_row")
    assert list(Image.objects.order_by("pk").values_list(*fields)) == [
        ("海旁巨浪", "陳大文攝", "杏花邨昨晚", 4, 1),
        ("吹倒的樹", "", "", 2, 2),
        ("停駛的電車", "", "", 2, 2),
    ]
    for picture in reader.locator("#updates img").all():
        picture.scroll_into_view_if_needed()
        wait_for(lambda picture=picture: picture.evaluate("image => image.naturalWidth"))
    expect(page.locator(".picture-item")).to_have_count(0)


def test_story_search_works_by_keyboard_and_unknown_bylines_are_refused(
    open_desk, new_page, server, console_errors
):
    make_blog(slug="begonia", headline="颱風海棠襲港", kicker="天氣")
    make_blog(headline="颱風過後", is_live=False)
    Byline.objects.create(name="張三")
    blog = make_blog(slug="flood", headline="颱風海棠：水浸")
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog)
    write(page, "九號風球", "天文台改發九號。")
    page.locator("[data-more] > summary").click()
    page.locator("#story-search").focus()
    options = page.locator("#story-found [role=option]")
    page.keyboard.type("颱風")
    expect(options).to_have_count(0)
    page.keyboard.type("海")
    expect(options).to_have_text(["天氣︱颱風海棠襲港 (Live)"])
    expect(page.locator("#story-search")).to_have_attribute("aria-activedescendant", "story-option-0")
    page.keyboard.press("Enter")
    expect(page.locator("[name=story_title]")).to_have_value("天氣︱颱風海棠襲港")
    expect(page.locator("#story-search")).to_be_focused()
    page.keyboard.type("https://www.hko.gov.hk/warning")
    expect(options).to_have_text(["Link https://www.hko.gov.hk/warning"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[name=story_title]").last).to_be_focused()
    page.keyboard.type("天文台警告")
    page.locator("#id_bylines").fill("沒有這人")
    page.locator("#id_bylines").press(CHORD)
    expect(page.locator("[data-errors]")).to_have_text(
        "There is no byline “沒有這人” yet. Add it in the admin, or choose another."
    )
    expect(page.locator("#id_bylines")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_heading")).to_have_value("九號風球")
    expect(page.locator(".tiptap")).to_have_text("天文台改發九號。")
    forget_refusals(console_errors, 422)
    page.locator("#id_bylines").fill("張三")
    page.locator("#id_bylines").press(CHORD)
    stories = reader.locator("li.update .prose a")
    expect(stories).to_have_text([re.compile("颱風海棠襲港"), re.compile("天文台警告")])
    update = Update.objects.get()
    rows = [
        (row.title, row.url, row.live_blog and row.live_blog.slug) for row in update.related_stories.all()
    ]
    assert (update.ordered_bylines[0].name, rows) == (
        "張三",
        [("天氣︱颱風海棠襲港", "", "begonia"), ("天文台警告", "https://www.hko.gov.hk/warning", None)],
    )


def test_embed_of_an_allowed_provider_loads_on_click_and_others_are_refused(
    open_desk, new_page, server, console_errors
):
    blog = make_blog(language="en")
    reader, embed_requests = new_page(), []

    def serve_player(route) -> None:
        embed_requests.append(route.request.url)
        route.fulfill(content_type="text/html", body="<!doctype html><title>Player</title><p>Playing</p>")

    reader.route(re.compile("|".join(map(re.escape, FRAME_ORIGINS))), serve_player)
    open_readers_page(reader, server.url, blog)
    page = open_desk(blog)
    write(page, "Press conference", "The Observatory speaks.")
    page.locator("[data-more] > summary").click()
    page.locator("#id_embed").fill("https://video.example/watch?v=dQw4w9WgXcQ")
    page.locator("#id_embed").press(CHORD)
    expect(page.locator("[data-errors]")).to_have_text(
        "This address cannot be embedded. It must be a video or a post of YouTube, Vimeo, X."
    )
    expect(page.locator("#id_embed")).to_have_attribute("aria-invalid", "true")
    forget_refusals(console_errors, 422)
    page.locator("#id_embed").fill(VIDEO)
    page.locator("#id_embed").press(CHORD)
    load = reader.get_by_role("button", name="Load the video from YouTube")
    expect(load).to_be_visible()
    assert embed_requests == []
    load.click()
    expect(reader.frame_locator("iframe").locator("p")).to_have_text("Playing")
    assert embed_requests == ["https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"]


def test_pasted_html_is_sanitized_and_spaces_around_bold_survive(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "自Word")
    transfer(page, "paste", html=FROM_WORD, text="The Observatory said")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(1)
    write(page, "自文件")
    transfer(page, "paste", html=FROM_GOOGLE, text="市民應盡早回家")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(2)
    write(page, "自網頁")
    transfer(page, "paste", html=FROM_THE_WEB, text="現場")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(3)
    assert dict(Update.objects.values_list("heading", "body")) == {
        "自Word": '<p lang="en">The <strong>Observatory</strong> said</p><p>市民應<em>盡早</em>回家。</p>',
        "自文件": "<p>市民應 <strong>盡早</strong><em>回家</em></p>",
        "自網頁": '<h3>現場</h3><p>見這裡及<a href="https://example.com/a" rel="noopener">那裡</a></p>'
        "<ul><li><p>一</p></li><li><p>二</p></li></ul>",
    }
    # Post directly, because the server must sanitize HTML that did not pass through the editor.
    client = signed_in(make_person("Editor"))
    client.post(desk_path(blog), {"token": "t", "action": "publish", "heading": "直送", "body": FROM_THE_WEB})
    body = Update.objects.get(heading="直送").body
    assert re.findall(r"<(?!/)[^>]*>", body) == [
        "<h3>",
        "<p>",
        '<a rel="noopener">',
        '<a href="https://example.com/a" rel="noopener">',
        "<ul>",
        "<li>",
        "<li>",
    ]


def test_word_lists_are_pasted_as_lists_without_their_markers(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "自Word")
    transfer(page, "paste", html=WORD_LISTS, text="l     上環")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(1)
    write(page, "自網上Word")
    transfer(page, "paste", html=WORD_ONLINE_LISTS, text="一")
    page.keyboard.press(CHORD)
    expect(page.locator(".row")).to_have_count(2)
    assert dict(Update.objects.values_list("heading", "body")) == {
        "自Word": "<ul><li><p>上環</p><ul><li><p>永樂街</p></li></ul></li><li><p>大澳</p></li></ul>"
        '<ol start="3"><li><p>撤離</p></li><li><p>點名</p></li></ol>'
        "<p>水位<s>二</s>三米<sup>註</sup></p><blockquote><p>不可上山</p></blockquote>",
        "自網上Word": "<ul><li><p>一</p></li><li><p>二</p></li></ul>",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("張三、 李四", ["張三", "李四"]),
        ("Ng, Jane; 張三", ["Ng, Jane", "張三"]),
        ("李四,", ["李四"]),
        ("", []),
    ],
)
def test_bylines_are_split_at_commas_except_within_known_names(text, names):
    for name in ("張三", "李四", "Ng, Jane"):
        Byline.objects.create(name=name)
    form = ComposerForm({"token": "t", "bylines": text})
    assert form.is_valid(), form.errors
    assert [byline.name for byline in form.cleaned_data["bylines"]] == names


def tap_top_right(page: Page) -> None:
    """Set the focal point of the picture that is being edited to its upper right corner."""
    picture = page.locator(".picture-pending [data-local]")
    wait_for(lambda: picture.evaluate("image => image.complete && image.naturalWidth"))
    box = picture.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)


def test_credit_and_focal_point_of_a_saved_picture_are_set_in_the_composer(
    open_desk, new_page, server, console_errors
):
    blog = make_blog()
    image = make_image(alt="海旁", credit="")
    update = make_update(blog, "巨浪", images=(image,))
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog, query=f"?update={update.pk}")
    item = page.locator(f"[data-picture='{image.pk}']")
    item.get_by_role("link", name="Credit, caption, focal point").click()
    editor = page.locator(".picture-pending")
    expect(editor.locator("[data-alt]")).to_have_value("海旁")
    editor.locator("[data-credit]").fill("陳大文攝")
    tap_top_right(page)
    expect(editor.get_by_role("radio", name="column 5 of 5, row 1 of 5")).to_be_checked()
    # A colleague saves in the meantime; nothing is overwritten, and the reason stands beside the fields.
    publishing.edit_image(image, by=SYSTEM, alt="海旁巨浪", credit="讀者提供")
    editor.get_by_role("button", name="Save").click()
    expect(editor.locator("[data-picture-error]")).to_contain_text("Somebody else has saved this")
    forget_refusals(console_errors, 422)
    editor.get_by_role("button", name="Cancel").click()
    item.get_by_role("link", name="Credit, caption, focal point").click()
    expect(editor.locator("[data-alt]")).to_have_value("海旁巨浪")
    editor.locator("[data-credit]").fill("陳大文攝")
    tap_top_right(page)
    editor.get_by_role("button", name="Save").click()
    expect(item.get_by_role("link", name="Credit, caption, focal point")).to_be_focused()
    expect(item).to_contain_text("陳大文攝")
    expect(reader.locator("#updates figcaption")).to_contain_text("陳大文攝")
    image.refresh_from_db()
    assert (image.credit, image.focal_column, image.focal_row) == ("陳大文攝", 4, 0)
    assert list(update.images.all()) == [image]


@pytest.mark.django_db
def test_only_people_who_may_change_pictures_edit_them_at_the_desk(client):
    blog, image = make_blog(), make_image()
    address = f"{desk_path(blog)}pictures/{image.pk}/"
    headers = {"accept": "application/json"}
    client.force_login(make_person("Reporter"))
    assert client.post(address, {"alt": "改"}, headers=headers).status_code == 403
    client.force_login(make_person("Editor"))
    refused = client.post(address, {"alt": " "}, headers=headers)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["alt"])
    assert client.get(f"{desk_path(blog)}pictures/1/", headers=headers).status_code == 404
    assert client.post(address, {"alt": "改"}, headers=headers).status_code == 200
    image.refresh_from_db()
    assert image.alt == "改"
