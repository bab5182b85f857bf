"""Readers' responses, from the form to the end of the page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from liveblog import publishing
from liveblog.models import LiveBlog, ReaderResponse
from liveblog.publishing import SYSTEM, BlogDetails
from liveblog.reader import responses
from tests.at_once import at_once
from tests.factories import make_blog, make_user


@pytest.fixture
def blog(db) -> LiveBlog:
    cache.clear()
    return make_blog(slug="storm", has_responses=True)


def token(seconds_ago: float = 60, slug: str = "storm") -> str:
    """A form's token, as it was printed some time ago."""
    signer = signing.TimestampSigner(salt=responses._SALT)
    printed = responses._new_token(LiveBlog.objects.get(slug=slug))
    moment = timezone.now() - timedelta(seconds=seconds_ago)
    value = f"{printed.rsplit(':', 2)[0]}:{signing.b62_encode(int(moment.timestamp()))}"
    return f"{value}:{signer.signature(value)}"


def send(client: Client, headers: dict[str, str] | None = None, **entered: str):
    filled_in = {"name": "陳大文", "text": "支持！", "website": "", "opened": token()}
    return client.post("/live/storm/respond/", filled_in | entered, headers=headers)


def shown(client: Client) -> list[str]:
    answer = client.get("/live/storm/changes.json", {"after": 0}).json()
    return [response["text"] for response in answer["blog"]["responses"]]


def test_a_response_is_held_and_appears_once_it_is_approved(client, blog):
    strict = Client(enforce_csrf_checks=True)
    page = strict.get("/live/storm/respond/")
    assert (page.status_code, page.headers["Cache-Control"], page.cookies) == (
        200,
        "max-age=0, no-cache, no-store, must-revalidate, private",
        {},
    )
    answer = send(strict, {"Origin": "http://127.0.0.1:8000"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/live/storm/respond/?sent")
    assert "已送達編輯部" in strict.get("/live/storm/respond/?sent").content.decode()
    held = ReaderResponse.objects.get()
    assert (held.name, held.text, held.status, shown(client)) == ("陳大文", "支持！", "pending", [])
    publishing.approve_response(held, by=SYSTEM)
    assert shown(client) == ["支持！"]
    page = client.get("/live/storm/").content.decode()
    assert page.index("最新回應") > page.index('id="updates"')
    assert "<p>支持！</p>" in page
    publishing.withdraw_response(held, by=SYSTEM)
    assert "支持！" not in client.get("/live/storm/").content.decode()


def test_what_readers_write_is_text_and_never_markup(client, blog):
    send(client, name="<b>x</b>", text="<script>alert(1)</script>\n\nhttps://example.com")
    publishing.approve_response(ReaderResponse.objects.get(), by=SYSTEM)
    page = client.get("/live/storm/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"text": ""}, '<p class="refusal" role="alert">'),
        ({"text": "長" * 501}, "500"),
        ({"name": "長" * 81}, "80"),
        ({"opened": ""}, "請再次送出"),
        ({"opened": "storm:1:forged"}, "請再次送出"),
        ({"opened": "now"}, "請再次送出"),
        ({"opened": "old"}, "請再次送出"),
    ],
)
def test_what_is_refused_is_said_and_the_words_are_kept(client, blog, entered, words):
    if entered.get("opened") in ("now", "old"):
        entered = {"opened": token(0 if entered["opened"] == "now" else 4 * 60 * 60)}
    answer = send(client, **{"name": "陳大文", "text": "我的話"} | entered)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words in page
    for field, typed in {"name": "陳大文", "text": "我的話"}.items():
        assert entered.get(field, typed) in page
    assert ReaderResponse.objects.count() == 0


def test_the_end_of_a_line_counts_as_one_character_as_the_browser_counted(client, blog):
    assert send(client, text="長" * 249 + "\r\n" + "長" * 250).status_code == 303
    assert len(ReaderResponse.objects.get().text) == 500


def test_a_machine_that_fills_the_trap_is_thanked_and_dropped(client, blog):
    assert send(client, website="https://spam.example/").status_code == 303
    assert ReaderResponse.objects.count() == 0


def test_one_address_can_send_a_few_and_no_more(client, blog):
    answers = [send(client, text=f"第{i}則").status_code for i in range(responses.RESPONSES_MOST + 1)]
    assert answers == [303] * responses.RESPONSES_MOST + [400]
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert send(other).status_code == 303


def test_a_network_of_ipv6_counts_as_one_address(blog):
    """Whoever has one has 2^64 addresses."""
    clients = [Client(REMOTE_ADDR=f"2001:db8:1:2::{i}") for i in range(responses.RESPONSES_MOST + 1)]
    answers = [send(client).status_code for client in clients]
    assert answers == [303] * responses.RESPONSES_MOST + [400]
    assert send(Client(REMOTE_ADDR="2001:db8:1:3::1")).status_code == 303


def test_a_token_is_good_for_the_blog_whose_form_it_came_with_alone(client, blog):
    make_blog(slug="summit", has_responses=True)

    refused = send(client, text="我的話", opened=token(slug="summit"))

    assert refused.status_code == 400
    assert "我的話" in refused.content.decode()
    assert ReaderResponse.objects.count() == 0


def test_a_token_is_good_for_one_response_and_the_form_comes_back_with_a_new_one(client, blog):
    used = token()
    assert send(client, text="第一則", opened=used).status_code == 303

    refused = send(client, text="第二則", opened=used)
    page = refused.content.decode()

    assert refused.status_code == 400
    assert "此表格已送出過" in page
    assert "第二則" in page
    assert used not in page
    assert [response.text for response in ReaderResponse.objects.all()] == ["第一則"]


def test_the_same_response_sent_twice_is_thanked_and_held_once(client, blog):
    used = token()

    answers = [send(client, opened=used) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert ReaderResponse.objects.count() == 1


def test_a_token_is_not_used_up_by_a_response_that_was_refused(client, blog):
    used = token()
    publishing.edit_blog(
        blog, replace(BlogDetails.of(blog), embargo_until_at=timezone.now() + timedelta(1)), by=SYSTEM
    )
    form = responses.ResponseForm(blog, {"name": "陳大文", "text": "支持！", "opened": used})
    assert form.is_valid()
    blog.refresh_from_db()
    with pytest.raises(ValidationError):
        responses._submit(blog, form)
    publishing.lift_embargo(blog, by=SYSTEM)

    assert send(client, opened=used).status_code == 303
    assert ReaderResponse.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shares_token", [False, True])
def test_of_thirty_responses_at_once_no_more_are_taken_than_may_be(shares_token):
    cache.clear()
    make_blog(slug="storm", has_responses=True)
    shared = token()
    tokens = [shared if shares_token else token() for _ in range(30)]

    statuses = at_once(
        30, lambda number: send(Client(), text=f"第{number}則", opened=tokens[number]).status_code
    )

    taken = 1 if shares_token else responses.RESPONSES_MOST
    assert (statuses.count(303), statuses.count(400)) == (taken, 30 - taken)
    assert ReaderResponse.objects.count() == taken


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_a_foreign_origin_gets_the_form_back_with_words_for_readers(client, blog, origin):
    answer = send(client, {"Origin": origin}, text="我的話")
    page = answer.content.decode()
    assert (answer.status_code, ReaderResponse.objects.count()) == (403, 0)
    assert '<div class="refusal" role="alert"><p>' in page
    assert "我的話" in page
    assert "總編輯" not in page
    # What stands in the form now can be sent from here, once somebody has had the time to read it.
    opened = re.search('name="opened" value="([^"]+)"', page)[1]
    assert send(client, {"Origin": "http://testserver"}, text="我的話", opened=opened).status_code == 400
    assert send(client, {"Origin": "http://testserver"}, text="我的話").status_code == 303


def test_where_responses_are_off_there_is_no_form(client, db):
    off = make_blog()
    assert client.get(f"/live/{off.slug}/respond/").status_code == 404
    assert "最新回應" not in client.get(f"/live/{off.slug}/").content.decode()
    assert client.get(f"/live/{off.slug}/changes.json?after=0").json()["blog"]["responses"] is None
    withdrawn = make_blog(has_responses=True)
    publishing.withdraw_blog(withdrawn, by=SYSTEM)
    assert client.get(f"/live/{withdrawn.slug}/respond/").status_code == 404


def test_editors_moderate_in_the_admin(client, blog):
    for text in ("好", "壞"):
        publishing.submit_response(blog, name="讀者", text=text)
    good, bad = ReaderResponse.objects.get(text="好"), ReaderResponse.objects.get(text="壞")
    client.force_login(make_user("moderate_readerresponse"))
    queue = "/admin/liveblog/readerresponse/"
    assert "好" in client.get(queue + "?status__exact=pending").content.decode()
    for action, row in (("approve", good), ("reject", bad), ("withdraw", bad)):
        client.post(queue, {"action": action, "_selected_action": [row.pk]}, follow=True)
    assert list(ReaderResponse.objects.order_by("pk").values_list("status", flat=True)) == [
        "approved",
        "rejected",
    ]
    assert client.get(f"{queue}{good.pk}/delete/").status_code == 403
    client.force_login(make_user("publish_update"))
    assert client.get(queue).status_code == 403


def test_a_reader_responds_without_javascript_and_open_pages_see_it(server, new_page):
    blog = make_blog(slug="storm", has_responses=True)
    open_page = new_page()
    open_page.goto(f"{server.url}/live/storm/")
    page = new_page(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page.goto(f"{server.url}/live/storm/respond/")
    page.get_by_label("你的名稱").fill("陳大文")
    page.get_by_label("你的回應").fill("支持！")
    page.locator('input[name="opened"]').evaluate("(field, value) => { field.value = value }", token())
    page.get_by_role("button", name="送出").click()
    expect(page.locator("h1")).to_have_text("多謝")
    publishing.approve_response(blog.responses.get(), by=SYSTEM)
    expect(open_page.locator(".responses")).to_contain_text("支持！")
    axe_page = new_page(viewport={"width": 320, "height": 640}, color_scheme="dark")
    for path in ("/live/storm/", "/live/storm/respond/"):
        axe_page.goto(server.url + path)
        results = Axe().run(axe_page)
        assert results.violations_count == 0, results.generate_report()
