"""Webhooks in the admin, which only syndication managers may use."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Delivery, Partner, Webhook, WebhookCursor
from liveblog.publishing import SYSTEM
from liveblog.webhooks.delivery import Answer
from tests.admin.browsing import errors, open_form, page_of
from tests.factories import make_blog, make_partner, make_person, make_update, make_user, signed_in
from tests.webhooks.pump import send_all

pytestmark = pytest.mark.django_db

ADD = "/admin/liveblog/webhook/add/"
LIST = "/admin/liveblog/webhook/"
DELIVERIES = "/admin/liveblog/delivery/"
CURSORS = "/admin/liveblog/webhookcursor/"
URL = "https://partner.example/hook"


@pytest.fixture
def partner() -> Partner:
    return make_partner(name="Harbour Wire")


@pytest.fixture
def webhook(partner: Partner) -> Webhook:
    return publishing.add_webhook(partner, by=SYSTEM, url=URL)


@pytest.fixture
def manager() -> Client:
    return signed_in(make_person("Syndication manager"))


def post_action(client: Client, webhook: Webhook, action: str, **fields: object):
    return client.post(page_of(webhook), open_form(client, page_of(webhook)) | {"action": action, **fields})


def secret_on_page(response) -> str:
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return re.search(r'value="(whsec_[^"]+)"', response.content.decode())[1]


def test_a_webhook_is_added_and_its_secret_is_shown_once(manager, partner):
    blog = make_blog()
    form = open_form(manager, ADD) | {"partner": partner.pk, "url": URL, "edition": "zh-hans"}
    secret = secret_on_page(manager.post(ADD, form))
    webhook = Webhook.objects.get()
    assert (webhook.url, webhook.edition, webhook.secret) == (URL, "zh-hans", secret)
    assert WebhookCursor.objects.get().number == blog.number
    for path in (page_of(webhook), LIST, DELIVERIES, CURSORS, f"{page_of(webhook)[:-8]}/history/"):
        assert secret not in manager.get(path).content.decode()
    assert not any(secret in morsel.value for morsel in manager.cookies.values())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://partner.example/", "must begin with https://"),
        ("https://169.254.169.254/latest/", "not on the public internet"),
        ("https://printer.local/", "only inside a network"),
    ],
)
def test_url_that_cannot_be_delivered_to_is_refused_with_a_reason(manager, partner, webhook, url, words):
    refusals = errors(manager.post(ADD, open_form(manager, ADD) | {"partner": partner.pk, "url": url}))
    assert words in " ".join(refusals["url"])
    assert words in " ".join(errors(post_action(manager, webhook, "save", url=url))["url"])
    assert Webhook.objects.get().url == URL


def test_webhook_is_edited_but_keeps_its_partner(manager, webhook):
    blog = make_blog()
    response = post_action(
        manager, webhook, "save", url=f"{URL}2", edition="zh-hans", blogs=[blog.pk], partner="7"
    )
    assert response.status_code == 302
    webhook.refresh_from_db()
    assert (webhook.url, webhook.edition, list(webhook.blogs.all())) == (f"{URL}2", "zh-hans", [blog])
    assert webhook.partner.name == "Harbour Wire"


def test_rotated_secret_is_shown_with_the_expiry_of_the_old_one(manager, webhook):
    response = post_action(manager, webhook, "rotate")
    secret = secret_on_page(response)
    assert "stays valid until" in response.content.decode()
    rotated = Webhook.objects.get()
    assert rotated.secrets_at(timezone.now()) == [secret, webhook.secret]


def test_a_webhook_is_switched_off_and_on_again(manager, webhook):
    assert "enable" not in dict(_action_choices(manager, webhook))
    assert post_action(manager, webhook, "disable").status_code == 302
    assert "Switched off: Switched off in the admin." in manager.get(LIST).content.decode()
    assert "disable" not in dict(_action_choices(manager, webhook))
    assert post_action(manager, webhook, "enable").status_code == 302
    assert Webhook.objects.get().is_enabled
    # The form shows the error of the verb if somebody else enabled the webhook first.
    assert "switched on already" in str(errors(post_action(manager, webhook, "enable")))


def test_action_with_unsaved_changes_is_refused(manager, webhook):
    refusals = errors(post_action(manager, webhook, "rotate", url=f"{URL}2"))
    assert refusals == {"action": ["You have unsaved changes to the webhook. Save them first."]}
    assert Webhook.objects.get().secret == webhook.secret


def test_test_event_is_queued(manager, webhook):
    assert post_action(manager, webhook, "test").status_code == 302
    delivery = Delivery.objects.get()
    assert (delivery.webhook, delivery.blog, delivery.attempt) == (webhook, None, 0)
    page = manager.get(DELIVERIES).content.decode()
    assert "Test event" in page
    assert "On its way" in page
    assert manager.get(page_of(delivery)).status_code == 200


def test_changes_are_replayed_after_a_number(manager, webhook):
    blog = make_blog(slug="storm")
    make_update(blog)
    send_all()
    assert post_action(manager, webhook, "replay", replay_blog="storm", replay_since="1").status_code == 302
    assert WebhookCursor.objects.get().number == 1
    assert errors(post_action(manager, webhook, "replay")) == {
        "replay_blog": ["Enter the number to start after."],
        "replay_since": ["Enter the number to start after."],
    }
    refusals = errors(post_action(manager, webhook, "replay", replay_blog="nothing", replay_since="0"))
    assert refusals == {"replay_blog": ["There is no live blog at this address."]}
    refusals = errors(post_action(manager, webhook, "replay", replay_blog="storm", replay_since="9"))
    assert "last number is 2" in str(refusals)


def test_deliveries_show_payload_and_response_and_can_be_resent(manager, webhook):
    update = make_update(make_blog(slug="storm"), "風球")
    send_all(lambda message: Answer(12, 500, text="<b>it broke</b>"))
    WebhookCursor.objects.update(next_attempt_at=None)
    send_all()
    failed = Delivery.objects.filter(is_delivered=False).get()
    page = manager.get(page_of(failed)).content.decode()
    assert "&quot;kind&quot;: &quot;blog_started&quot;" in page
    assert "&lt;b&gt;it broke&lt;/b&gt;" in page
    assert "Refused (500)" in page
    assert "風球" in manager.get(page_of(Delivery.objects.get(number=2))).content.decode()

    listed = manager.get(f"{DELIVERIES}?is_delivered__exact=0")
    assert [row.pk for row in listed.context["cl"].result_list] == [failed.pk]
    listed = manager.get(f"{DELIVERIES}?blog={update.blog.pk}&webhook__id__exact={webhook.pk}")
    assert listed.context["cl"].result_count == 3
    payload = {"action": "resend", "_selected_action": [failed.pk]}
    assert manager.post(DELIVERIES, payload).status_code == 302
    resent = Delivery.objects.filter(asked_for_at__isnull=False).get()
    assert (resent.blog, resent.number) == (failed.blog, failed.number)

    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    assert "Nothing of it is stored." in manager.get(page_of(failed)).content.decode()


def test_lists_show_the_health_of_each_webhook(manager, webhook, partner):
    make_blog(slug="storm")
    other = publishing.add_webhook(partner, by=SYSTEM, url=f"{URL}2")
    publishing.disable_webhook(other, by=SYSTEM)
    send_all(lambda message: Answer(1, 500))

    def by_health(fares: str) -> list[int]:
        return [row.pk for row in manager.get(f"{LIST}?fares={fares}").context["cl"].result_list]

    assert (by_health("well"), by_health("failing"), by_health("off")) == ([], [webhook.pk], [other.pk])
    WebhookCursor.objects.update(next_attempt_at=None)
    send_all()
    assert (by_health("well"), by_health("failing"), by_health("off")) == ([webhook.pk], [], [other.pk])
    row = manager.get(f"{CURSORS}?webhook__id__exact={webhook.pk}").context["cl"].result_list[0]
    assert (row.number, row.blog.slug) == (1, "storm")


@pytest.mark.parametrize("role", ["Reporter", "Editor", "Chief editor"])
def test_other_roles_may_not_use_webhooks(role, webhook):
    make_blog()
    send_all()
    client = signed_in(make_person(role))
    for path in (LIST, ADD, DELIVERIES, CURSORS, page_of(webhook), page_of(Delivery.objects.get())):
        assert client.get(path).status_code == 403, path
    assert client.post(page_of(webhook), {"action": "rotate"}).status_code == 403
    client.post(DELIVERIES, {"action": "resend", "_selected_action": [Delivery.objects.get().pk]})
    assert Webhook.objects.get().secret == webhook.secret
    assert Delivery.objects.count() == 1


def test_view_permission_allows_no_action(webhook):
    make_blog()
    send_all()
    client = signed_in(make_user("view_webhook", "view_delivery"))
    page = client.get(page_of(webhook))
    assert page.status_code == 200
    assert 'name="action"' not in page.content.decode()
    assert client.post(page_of(webhook), {"action": "rotate"}).status_code == 403
    assert 'value="resend"' not in client.get(DELIVERIES).content.decode()


def test_webhooks_and_deliveries_cannot_be_deleted(manager, webhook):
    make_blog()
    send_all()
    for row in (webhook, Delivery.objects.get(), WebhookCursor.objects.get()):
        path = reverse(f"admin:liveblog_{row._meta.model_name}_delete", args=[row.pk])
        assert manager.post(path, {"post": "yes"}).status_code == 403
    assert "delete_selected" not in manager.get(DELIVERIES).content.decode()


def _action_choices(client: Client, webhook: Webhook) -> list[tuple[str, str]]:
    return client.get(page_of(webhook)).context["adminform"].form.fields["action"].choices


def test_list_filters_on_secrets_return_400(manager, webhook):
    """Such filters would let anyone who may see the list guess a secret letter by letter, unnoticed."""
    for name in ("secret", "previous_secret"):
        for lookup in ("startswith", "gt", "regex"):
            response = manager.get(LIST, {f"{name}__{lookup}": "whsec_"})
            assert response.status_code == 400, (name, lookup)
    assert manager.get(LIST, {"url__startswith": "https"}).status_code == 200
    assert manager.get(DELIVERIES, {"webhook__secret__startswith": "whsec_"}).status_code == 400
