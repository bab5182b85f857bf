"""Embeds of single updates: the card and oEmbed over HTTP."""

from __future__ import annotations

import re

import pytest

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_image, make_update
from tests.reader.test_embed import frame_ancestors, get_oembed, make_framing_partner

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "http://127.0.0.1:8000"


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(slug="storm", kicker="風暴", headline="八號信號生效", hero_image=make_image())


@pytest.fixture
def update(blog: LiveBlog) -> Update:
    make_update(blog, "另一則")
    return make_update(blog, '全港學校 "停課"', body="<p>港口封閉。</p>")


def test_card_shows_one_update_and_links_to_it_and_its_live_blog(client, update):
    page = client.get(f"/embed/storm/{update.pk}/").content.decode()
    assert "<title>全港學校 &quot;停課&quot; - Newsroom</title>" in page
    assert "港口封閉。" in page
    assert "另一則" not in page
    assert f'<link rel="canonical" href="{SITE}/live/storm/{update.pk}/">' in page
    assert f'<a class="permalink" href="/live/storm/{update.pk}/">' in page
    assert '<a class="button" href="/live/storm/">' in page
    assert '<base target="_blank">' in page
    assert '<meta name="robots" content="noindex">' in page
    converted = client.get(f"/zh-hans/embed/storm/{update.pk}/").content.decode()
    assert "全港学校 &quot;停课&quot;" in converted


def test_card_allows_frames_of_partners_and_returns_304_until_a_change(client, update):
    make_framing_partner("https://a.example")
    path = f"/embed/storm/{update.pk}/"
    card = client.get(path)
    assert frame_ancestors(card) == "'self' https://a.example"
    assert "X-Frame-Options" not in card.headers
    assert (card.headers["Vary"], card.cookies) == ("Accept-Encoding", {})
    again = {"If-None-Match": card.headers["ETag"]}
    assert client.get(path, headers=again).status_code == 304
    make_framing_partner("https://b.example")
    assert client.get(path, headers=again).status_code == 200
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note="十人，非百人")
    assert "十人，非百人" in client.get(path).content.decode()


def test_withdrawn_update_returns_410_from_card_and_oembed(client, blog, update):
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    card, response = (
        client.get(f"/embed/storm/{update.pk}/"),
        get_oembed(client, f"{SITE}/live/storm/{update.pk}/"),
    )
    assert (card.status_code, response.status_code) == (410, 410)
    assert "此更新已於" in card.content.decode()
    assert "停課" not in card.content.decode() + response.content.decode()
    publishing.restore_update(update, by=SYSTEM)
    blog.refresh_from_db()
    publishing.withdraw_blog(blog, by=SYSTEM)
    assert client.get(f"/embed/storm/{update.pk}/").status_code == 410


def test_oembed_describes_the_frame_of_an_update(client, update):
    response = get_oembed(client, f"{SITE}/live/storm/{update.pk}/", maxwidth=480, maxheight=300)
    assert response.json() == {
        "version": "1.0",
        "type": "rich",
        "title": '全港學校 "停課"',
        "provider_name": "Newsroom",
        "provider_url": SITE,
        "cache_age": 300,
        "width": 480,
        "height": 300,
        "html": f'<iframe src="{SITE}/embed/storm/{update.pk}/" width="480" height="300" '
        'title="全港學校 &quot;停課&quot;" loading="lazy" frameborder="0"></iframe>',
    }
    converted = get_oembed(client, f"{SITE}/zh-hans/live/storm/{update.pk}/").json()
    assert f'src="{SITE}/zh-hans/embed/storm/{update.pk}/"' in converted["html"]
    assert converted["title"] == '全港学校 "停课"'


def test_oembed_thumbnail_is_the_first_picture_that_is_not_sensitive(client, blog):
    images = (make_image(is_sensitive=True), make_image())
    update = make_update(blog, "塌樹", images=images)
    thumbnail = get_oembed(client, f"{SITE}/live/storm/{update.pk}/").json()["thumbnail_url"]
    assert thumbnail == f"{SITE}{images[1].rendition_url(400, 'jpg')}"


def test_update_page_links_to_its_oembed(client, update):
    page = client.get(f"/live/storm/{update.pk}/").content.decode()
    (link,) = re.findall(r'type="application/json\+oembed" title="[^"]+"\s+href="([^"]+)"', page)
    response = client.get(link.removeprefix(SITE))
    assert f"/embed/storm/{update.pk}/" in response.json()["html"]


def test_cards_of_hidden_updates_return_404(client, blog):
    other = make_update(make_blog(slug="calm"))
    draft = publishing.draft_update(blog, Content(heading="密", body="<p>密</p>"), by=SYSTEM)
    hidden = make_update(make_blog(slug="draft", is_live=False))
    for slug, pk in (("storm", other.pk), ("storm", draft.pk), ("storm", 1), ("draft", hidden.pk)):
        assert client.get(f"/embed/{slug}/{pk}/").status_code == 404
        assert get_oembed(client, f"{SITE}/live/{slug}/{pk}/").status_code == 404
