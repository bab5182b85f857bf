"""Readers' responses, from the form to the page."""

from __future__ import annotations

import re
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
from liveblog.publishing import SYSTEM
from liveblog.reader import responses
from tests.at_once import at_once
from tests.factories import edit_blog, make_blog, make_user


@pytest.fixture
def blog(db) -> LiveBlog:
    cache.clear()
    return make_blog(slug="storm", has_responses=True)


def token(seconds_ago: float = 60, slug: str = "storm") -> str:
    """Return a form token that was issued `seconds_ago`."""
    signer = signing.TimestampSigner(salt=responses._SALT)
    printed = responses._new_token(LiveBlog.objects.get(slug=slug))
    moment = timezone.now() - timedelta(seconds=seconds_ago)
    value = f"{printed.rsplit(':', 2)[0]}:{signing.b62_encode(int(moment.timestamp()))}"
    return f"{value}:{signer.signature(value)}"


def send(client: Client, headers: dict[str, str] | None = None, **fields: str):
    form_data = {"name": "陳大文", "text": "支持！", "website": "", "opened": token()}
    return client.post("/live/storm/respond/", form_data | fields, headers=headers)


def published_texts(client: Client) -> list[str]:
    delta = client.get("/live/storm/changes.json", {"after": 0}).json()
    return [response["text"] for response in delta["blog"]["responses"]]


def test_response_is_pending_until_it_is_approved(client, blog):
    strict = Client(enforce_csrf_checks=True)
    page = strict.get("/live/storm/respond/")
    assert (page.status_code, page.headers["Cache-Control"], page.cookies) == (
        200,
        "max-age=0, no-cache, no-store, must-revalidate, private",
        {},
    )
    response = send(strict, {"Origin": "http://127.0.0.1:8000"})
    assert (response.status_code, response.headers["Location"]) == (303, "/live/storm/respond/?sent")
    assert "已送達編輯部" in strict.get("/live/storm/respond/?sent").content.decode()
    row = ReaderResponse.objects.get()
    assert (row.name, row.text, row.status, published_texts(client)) == (
        "陳大文",
        "支持！",
        "pending",
        [],
    )
    publishing.approve_response(row, by=SYSTEM)
    assert published_texts(client) == ["支持！"]
    page = client.get("/live/storm/").content.decode()
    assert page.index("最新回應") > page.index('id="updates"')
    assert "<p>支持！</p>" in page
    publishing.withdraw_response(row, by=SYSTEM)
    assert "支持！" not in client.get("/live/storm/").content.decode()


def test_markup_in_responses_is_escaped(client, blog):
    send(client, name="<b>x</b>", text="<script>alert(1)</script>\n\nhttps://example.com")
    publishing.approve_response(ReaderResponse.objects.get(), by=SYSTEM)
    page = client.get("/live/storm/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
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
def test_invalid_response_returns_400_with_the_reason_and_the_entered_text(client, blog, fields, words):
    if fields.get("opened") in ("now", "old"):
        fields = {"opened": token(0 if fields["opened"] == "now" else 4 * 60 * 60)}
    response = send(client, **{"name": "陳大文", "text": "我的話"} | fields)
    page = response.content.decode()
    assert response.status_code == 400
    assert words in page
    for field, typed in {"name": "陳大文", "text": "我的話"}.items():
        assert fields.get(field, typed) in page
    assert ReaderResponse.objects.count() == 0


def test_line_ending_counts_as_one_character_as_in_browsers(client, blog):
    assert send(client, text="長" * 249 + "\r\n" + "長" * 250).status_code == 303
    assert len(ReaderResponse.objects.get().text) == 500


def test_response_that_fills_the_honeypot_is_silently_dropped(client, blog):
    assert send(client, website="https://spam.example/").status_code == 303
    assert ReaderResponse.objects.count() == 0


def test_responses_per_address_are_limited(client, blog):
    answers = [send(client, text=f"第{i}則").status_code for i in range(responses.RESPONSES_MOST + 1)]
    assert answers == [303] * responses.RESPONSES_MOST + [400]
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert send(other).status_code == 303


def test_ipv6_network_counts_as_one_address(blog):
    """Count a whole /64 network, because its owner has 2^64 addresses."""
    clients = [Client(REMOTE_ADDR=f"2001:db8:1:2::{i}") for i in range(responses.RESPONSES_MOST + 1)]
    answers = [send(client).status_code for client in clients]
    assert answers == [303] * responses.RESPONSES_MOST + [400]
    assert send(Client(REMOTE_ADDR="2001:db8:1:3::1")).status_code == 303


def test_token_of_another_blog_is_refused(client, blog):
    make_blog(slug="summit", has_responses=True)

    result = send(client, text="我的話", opened=token(slug="summit"))

    assert result.status_code == 400
    assert "我的話" in result.content.decode()
    assert ReaderResponse.objects.count() == 0


def test_used_token_is_refused_and_the_form_returns_a_new_one(client, blog):
    used_token = token()
    assert send(client, text="第一則", opened=used_token).status_code == 303

    result = send(client, text="第二則", opened=used_token)
    page = result.content.decode()

    assert result.status_code == 400
    assert "此表格已送出過" in page
    assert "第二則" in page
    assert used_token not in page
    assert [response.text for response in ReaderResponse.objects.all()] == ["第一則"]


def test_response_sent_twice_is_accepted_and_stored_once(client, blog):
    used_token = token()

    answers = [send(client, opened=used_token) for _ in range(2)]

    assert [response.status_code for response in answers] == [303, 303]
    assert ReaderResponse.objects.count() == 1


def test_refused_response_does_not_use_up_its_token(client, blog):
    used_token = token()
    edit_blog(blog, embargo_until_at=timezone.now() + timedelta(1))
    form = responses.ResponseForm(blog, {"name": "陳大文", "text": "支持！", "opened": used_token})
    assert form.is_valid()
    blog.refresh_from_db()
    with pytest.raises(ValidationError):
        responses._submit(blog, form)
    publishing.lift_embargo(blog, by=SYSTEM)

    assert send(client, opened=used_token).status_code == 303
    assert ReaderResponse.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shares_token", [False, True])
def test_concurrent_responses_do_not_exceed_the_limit(shares_token):
    cache.clear()
    make_blog(slug="storm", has_responses=True)
    shared_token = token()
    tokens = [shared_token if shares_token else token() for _ in range(30)]

    statuses = at_once(
        30, lambda number: send(Client(), text=f"第{number}則", opened=tokens[number]).status_code
    )

    accepted_count = 1 if shares_token else responses.RESPONSES_MOST
    assert (statuses.count(303), statuses.count(400)) == (accepted_count, 30 - accepted_count)
    assert ReaderResponse.objects.count() == accepted_count


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_foreign_origin_returns_403_and_the_form_with_a_message_for_readers(client, blog, origin):
    response = send(client, {"Origin": origin}, text="我的話")
    page = response.content.decode()
    assert (response.status_code, ReaderResponse.objects.count()) == (403, 0)
    assert '<div class="refusal" role="alert"><p>' in page
    assert "我的話" in page
    assert "總編輯" not in page
    # The new token in the form is still too fresh to be accepted; an older token is accepted.
    opened = re.search('name="opened" value="([^"]+)"', page)[1]
    assert send(client, {"Origin": "http://testserver"}, text="我的話", opened=opened).status_code == 400
    assert send(client, {"Origin": "http://testserver"}, text="我的話").status_code == 303


def test_form_returns_404_if_responses_are_off_or_the_blog_is_withdrawn(client, db):
    off = make_blog()
    assert client.get(f"/live/{off.slug}/respond/").status_code == 404
    assert "最新回應" not in client.get(f"/live/{off.slug}/").content.decode()
    assert client.get(f"/live/{off.slug}/changes.json?after=0").json()["blog"]["responses"] is None
    withdrawn = make_blog(has_responses=True)
    publishing.withdraw_blog(withdrawn, by=SYSTEM)
    assert client.get(f"/live/{withdrawn.slug}/respond/").status_code == 404


def test_editors_moderate_responses_in_the_admin(client, blog):
    for text in ("好", "壞"):
        publishing.submit_response(blog, name="讀者", text=text)
    good, bad = ReaderResponse.objects.get(text="好"), ReaderResponse.objects.get(text="壞")
    client.force_login(make_user("moderate_readerresponse"))
    queue = "/admin/liveblog/readerresponse/"
    assert "好" in client.get(queue + "?status__exact=pending").content.decode()
    for action, row in (("approve", good), ("reject", bad), ("withdraw", bad)):
        client.post(queue, {"action": action, "_selected_action": [row.pk], "confirm": "yes"}, follow=True)
    assert list(ReaderResponse.objects.order_by("pk").values_list("status", flat=True)) == [
        "approved",
        "rejected",
    ]
    assert client.get(f"{queue}{good.pk}/delete/").status_code == 403
    client.force_login(make_user("publish_update"))
    assert client.get(queue).status_code == 403


def test_response_sent_without_javascript_appears_on_open_pages(server, new_page):
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
