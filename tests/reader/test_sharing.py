"""Metadata for sites that preview links: canonical URL, Open Graph tags and the drawn card."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from lxml import html as markup
from PIL import Image as Picture

from liveblog import publishing
from liveblog.models import LiveBlog, Topic
from liveblog.presentation.timeline import PAGE_SIZE
from liveblog.publishing import SYSTEM, BlogDetails
from newsroom import hongkong, share_cards
from newsroom.share_cards import Card
from tests.factories import edit_blog, make_blog, make_image, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

HEADLINES = ["風", "天文台改發八號烈風信號 全港停課" * 40, "Wind " * 200, "x" * 1_000, "💥", ""]
SITE = "http://127.0.0.1:8000"


@pytest.fixture
def blog() -> LiveBlog:
    topic = Topic.objects.create(slug="weather", name="天氣")
    blog = make_blog(slug="storm", kicker="颱風", headline="八號信號生效 全港停課", topics=(topic,))
    for i in range(PAGE_SIZE + 2):
        make_update(blog, f"第{i}則 學校停課", body=f"<p>內文第{i}句。</p>")
    return blog


def tags(client, path: str) -> dict[str, str]:
    """Return the page's meta tags and canonical URL; fail if one is duplicate or empty."""
    page = markup.fromstring(client.get(path).content.decode())
    pairs = [
        (meta.get("property") or meta.get("name"), meta.get("content"))
        for meta in page.iter("meta")
        if meta.get("property") or meta.get("name") in ("description", "robots", "twitter:card")
    ]
    pairs += [(link.get("rel"), link.get("href")) for link in page.xpath('//link[@rel="canonical"]')]
    assert len(pairs) == len(dict(pairs))
    assert all(value.strip() for _name, value in pairs)
    return dict(pairs)


def card_at(client, path: str) -> Picture.Image:
    """Return the picture in the metadata of the page at `path`, as it is served."""
    metadata = tags(client, path)
    response = client.get(metadata["og:image"].removeprefix(SITE))
    assert (response.status_code, response.headers["Content-Type"]) == (200, metadata["og:image:type"])
    picture = Picture.open(BytesIO(response.content))
    assert picture.size == (int(metadata["og:image:width"]), int(metadata["og:image:height"]))
    return picture


def shared_pages(blog: LiveBlog) -> list[str]:
    newest = blog.updates.newest_first().first()
    last_shown = blog.updates.newest_first()[PAGE_SIZE - 1]
    paths = ["/", "/topics/weather/", "/live/storm/", f"/live/storm/?before={last_shown.pk}"]
    paths.append(f"/live/storm/{newest.pk}/")
    return [prefix + path for prefix in ("", "/zh-hans") for path in paths]


def test_shareable_pages_have_a_card_a_description_and_their_own_url(client, blog):
    for path in shared_pages(blog):
        metadata = tags(client, path)
        assert metadata["og:url"] == metadata["canonical"] == SITE + path
        assert metadata["og:description"] == metadata["description"]
        is_converted = path.startswith("/zh-hans")
        locales = (metadata["og:locale"], metadata["og:locale:alternate"])
        assert locales == (("zh_CN", "zh_HK") if is_converted else ("zh_HK", "zh_CN"))
        assert (metadata["og:site_name"], metadata["twitter:card"]) == ("Newsroom", "summary_large_image")
        assert metadata["og:image:alt"]
        assert card_at(client, path).size == (1200, 630)


def test_other_pages_have_the_site_card_and_are_not_indexed(client, blog):
    LiveBlog.objects.update(has_responses=True)
    site_card = tags(client, "/")["og:image"]
    for path in ("/search/?q=停課", "/live/storm/respond/"):
        metadata = tags(client, path)
        assert (metadata["og:image"], metadata["robots"]) == (site_card, "noindex")
        assert "canonical" not in metadata


def test_article_tags_have_publication_and_modification_times(client, blog):
    update = blog.updates.newest_first().first()
    blog.refresh_from_db()
    for row, path in ((blog, "/live/storm/"), (update, f"/live/storm/{update.pk}/")):
        metadata = tags(client, path)
        assert metadata["og:type"] == "article"
        assert metadata["article:published_time"] == hongkong.isoformat(row.published_at)
        assert metadata["article:modified_time"] == hongkong.isoformat(row.modified_at)
        assert metadata["article:tag"] == "天氣"
    assert tags(client, "/")["og:type"] == "website"


def test_page_picture_is_shared_with_its_size_unless_it_is_sensitive(client):
    make_blog(slug="storm", hero_image=make_image(alt="港口"))
    metadata = tags(client, "/live/storm/")
    assert metadata["og:image"].endswith("/400.jpg")
    picture_tags = [metadata[f"og:image:{name}"] for name in ("width", "height", "alt", "type")]
    assert picture_tags == ["400", "300", "港口", "image/jpeg"]
    make_blog(slug="crash", hero_image=make_image(alt="傷者", is_sensitive=True))
    assert "/live/crash/card-" in tags(client, "/live/crash/")["og:image"]


def test_a_description_is_the_standfirst_else_the_summary_else_the_key_events(client):
    blog = make_blog(slug="storm", headline="颱風")
    assert tags(client, "/live/storm/")["description"] == "颱風"
    make_update(blog, "停課", is_key_event=True)
    make_update(blog, "停工", is_key_event=True)
    assert tags(client, "/live/storm/")["description"] == "停工；停課"
    blog = edit_blog(blog, summary="<p>風力減弱。</p>")
    assert tags(client, "/live/storm/")["description"] == "風力減弱。"
    edit_blog(blog, standfirst="八號\n信號")
    assert tags(client, "/live/storm/")["description"] == "八號 信號"
    picture = make_update(blog, "塌樹", body="", images=(make_image(alt="街上的樹"),))
    assert tags(client, f"/live/storm/{picture.pk}/")["description"] == "街上的樹"


def test_each_page_of_older_updates_is_its_own_canonical_url_in_either_script(client, blog):
    before = blog.updates.newest_first()[PAGE_SIZE - 1].pk
    for prefix in ("", "/zh-hans"):
        for query in (f"?before={before}", f"?before=0{before}&text=1&utm_source=x"):
            path = f"{prefix}/live/storm/"
            page = markup.fromstring(client.get(path + query).content.decode())
            languages = {link.get("hreflang"): link.get("href") for link in page.xpath("//link[@hreflang]")}
            own = f"{SITE}/live/storm/?before={before}"
            assert languages == {
                "zh-Hant-HK": own,
                "zh-Hans": f"{SITE}/zh-hans/live/storm/?before={before}",
                "x-default": own,
            }
            (canonical,) = page.xpath('//link[@rel="canonical"]/@href')
            assert canonical == f"{SITE}{path}?before={before}"


def test_text_only_page_has_the_canonical_url_of_the_full_page(client, blog):
    for path in ("/live/storm/", "/", "/topics/weather/"):
        assert tags(client, f"{path}?text=1")["canonical"] == SITE + path


# The card


def test_card_url_changes_only_with_the_text_of_the_card(client, blog):
    before = tags(client, "/live/storm/")["og:image"].removeprefix(SITE)
    make_update(blog, "停工")
    assert tags(client, "/live/storm/")["og:image"] == SITE + before
    details = replace(BlogDetails.of(LiveBlog.objects.get()), headline="九號信號生效")
    publishing.edit_blog(blog, details, by=SYSTEM)
    after = tags(client, "/live/storm/")["og:image"].removeprefix(SITE)
    assert after != before
    # The URL of an outdated card redirects to the current one.
    moved = client.get(before)
    assert (moved.status_code, moved.headers["Location"]) == (302, after)
    publishing.end_coverage(blog, by=SYSTEM)
    assert tags(client, "/live/storm/")["og:image"] != SITE + after


def test_card_can_be_revalidated_by_its_etag(client, blog):
    path = tags(client, "/live/storm/")["og:image"].removeprefix(SITE)
    first = client.get(path)
    assert first.headers["Cache-Control"].startswith("public, max-age=0, s-maxage=2")
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.post(path).status_code == 405


def test_invented_card_urls_draw_nothing(client, blog, monkeypatch):
    cards_drawn: list[Card] = []
    monkeypatch.setattr(share_cards, "draw", lambda card: cards_drawn.append(card) or b"")
    for number in range(5):
        assert client.get(f"/live/storm/card-{number:016x}.png").status_code == 302
    for path in ("/live/none/card-0000000000000000.png", "/topics/none/card-0000000000000000.png"):
        assert client.get(path).status_code == 404
    for path in ("/live/storm/card-0.png", "/live/storm/card-.png", "/card-x.png"):
        assert client.get(path).status_code == 404
    assert cards_drawn == []


def test_card_returns_410_after_withdrawal(client, blog):
    update = blog.updates.newest_first().first()
    paths = ["/live/storm/", f"/live/storm/{update.pk}/"]
    cards = [tags(client, path)["og:image"].removeprefix(SITE) for path in paths]
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    assert [client.get(card).status_code for card in cards] == [200, 410]
    assert "og:image" not in tags(client, f"/live/storm/{update.pk}/")
    blog.refresh_from_db()
    publishing.withdraw_blog(blog, by=SYSTEM)
    assert [client.get(card).status_code for card in cards] == [410, 410]


def test_drafts_and_embargoed_live_blogs_have_no_card(client):
    soon = timezone.now() + timedelta(hours=1)
    for hidden in (make_blog(is_live=False), make_blog(embargo_until_at=soon)):
        update = make_update(hidden)
        for path in (hidden.get_absolute_url(), update.get_absolute_url()):
            assert client.get(f"{path}card-0000000000000000.png").status_code == 404


def test_cards_are_drawn_in_both_scripts(client, blog):
    ours, other = (tags(client, f"{prefix}/live/storm/")["og:image"] for prefix in ("", "/zh-hans"))
    assert other.startswith(f"{SITE}/zh-hans/live/storm/card-")
    assert ours.rpartition("card-")[2] != other.rpartition("card-")[2]
    plain = client.get(ours.removeprefix(SITE).replace("/live", "/zh-hant/live"))
    assert (plain.status_code, plain.headers["Location"]) == (301, ours.removeprefix(SITE))


# The drawing


def draw_in_grayscale(card: Card) -> Picture.Image:
    return Picture.open(BytesIO(share_cards.draw(card))).convert("L")


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans", "en"])
@pytest.mark.parametrize(
    "headline", ["風", "天文台改發八號烈風信號 全港停課" * 40, "Wind " * 200, "x" * 1_000, "💥", ""]
)
def test_any_headline_stays_within_the_margins(language, headline):
    picture = draw_in_grayscale(Card(language, "Newsroom" * 20, headline, headline[:80], "直播"))
    assert picture.size == (1200, 630)
    margins = [(0, 20, 70, 630), (1132, 20, 1200, 630), (0, 600, 1200, 630)]
    assert [picture.crop(margin).getextrema() for margin in margins] == [(255, 255)] * 3


def test_card_shows_its_mark_and_each_text():
    whole = Card("zh-hant", "東岸日報", "八號信號生效", "颱風", "直播")
    fewer = [replace(whole, **{name: ""}) for name in ("site_name", "headline", "kicker", "mark")]
    pictures = {share_cards.draw(card) for card in [whole, *fewer]}
    assert len(pictures) == 5


def test_each_script_is_drawn_with_its_own_glyphs_instead_of_boxes():
    missing = share_cards.draw(Card("zh-hant", "x", "\U0003134a" * 4))
    for language, headline in (("zh-hant", "嘅喺𨋢裏"), ("zh-hans", "龙凤门车"), ("en", "“Où”—")):
        assert share_cards.draw(Card(language, "x", headline)) != missing
    # These characters share code points, but each script has its own glyphs for them.
    alike = {share_cards.draw(Card(language, "x", "直骨角")) for language in ("zh-hant", "zh-hans")}
    assert len(alike) == 2
