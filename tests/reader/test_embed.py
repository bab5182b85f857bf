"""Embeds and oEmbed over HTTP: content, framing policy and caching."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from liveblog import publishing
from liveblog.models import Partner
from liveblog.publishing import SYSTEM
from tests.environment import ROOT
from tests.factories import edit_blog, make_blog, make_image, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "http://127.0.0.1:8000"


def make_framing_partner(*origins: str, is_active: bool = True) -> Partner:
    name = f"夥伴{Partner.objects.count()}"
    return Partner.objects.create(name=name, embed_origins="\n".join(origins), is_active=is_active)


def frame_ancestors(response) -> str:
    return re.search(r"frame-ancestors ([^;]*)", response.headers["Content-Security-Policy"])[1]


def get_oembed(client, url: str = f"{SITE}/live/storm/", **query: object):
    return client.get("/oembed", {"url": url, **query})


# The embedded page


def test_embed_shows_the_newest_updates_and_links_to_the_page(client):
    blog = make_blog(slug="storm", kicker="風暴", headline="八號信號 <生效>")
    for i in range(12):
        make_update(blog, f"第{i}則")
    page = client.get("/embed/storm/").content.decode()
    assert re.findall("<h3[^>]*>(.*?)</h3>", page) == [f"第{i}則" for i in range(11, 1, -1)]
    assert 'data-status="live"' in page
    assert re.search(r'<div[^>]* data-size="10"[^>]* data-has-older\b', page)
    assert "<title>風暴︱八號信號 &lt;生效&gt;｜持續更新 - " in page
    assert f'<link rel="canonical" href="{SITE}/live/storm/">' in page
    assert '<a class="button" href="/live/storm/">閱讀整篇報道</a>' in page
    assert '<base target="_blank">' in page
    assert "八號信號 &lt;生效&gt;" in page


def test_embed_is_available_in_both_scripts(client):
    make_update(make_blog(slug="storm", headline="颱風逼近"), "學校停課")
    page = client.get("/zh-hans/embed/storm/").content.decode()
    assert '<html lang="zh-Hans">' in page
    assert "学校停课" in page
    assert 'href="/zh-hans/live/storm/">阅读整篇报道' in page
    assert client.get("/zh-hant/embed/storm/").headers["Location"] == "/embed/storm/"
    make_blog(slug="english", language="en")
    assert '<html lang="en">' in client.get("/embed/english/").content.decode()
    assert client.get("/zh-hans/embed/english/").status_code == 404


def test_active_partners_may_frame_embeds_but_no_other_page(client):
    blog = make_blog(slug="storm")
    update = make_update(blog)
    make_framing_partner("https://b.example", "https://a.example:8443")
    make_framing_partner("https://b.example", "http://*.c.example")
    make_framing_partner("https://gone.example", is_active=False)
    for path in ("/embed/storm/", "/zh-hans/embed/storm/"):
        embed = client.get(path)
        assert frame_ancestors(embed) == "'self' http://*.c.example https://a.example:8443 https://b.example"
        assert "X-Frame-Options" not in embed.headers
        assert "/static/js/embedded.js" in embed.headers["Content-Security-Policy"]
    for path in ("/", "/live/storm/", f"/live/storm/{update.pk}/", "/embed/none/", "/admin/login/"):
        page = client.get(path)
        assert (frame_ancestors(page), page.headers["X-Frame-Options"]) == ("'self'", "SAMEORIGIN")
    publishing.withdraw_blog(blog, by=SYSTEM)
    gone = client.get("/embed/storm/")
    assert (gone.status_code, "https://b.example" in frame_ancestors(gone)) == (410, True)
    assert "此報道已撤回" in gone.content.decode()


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    "line",
    [
        "https://a.example/", "https://a.example; script-src *", "https://a.example,b", "https://",
        "a.example", "https://u@a.example", "javascript://a", "https://a.example:port", "*", "https://a.example'",
    ],
)  # fmt: skip
def test_invalid_origins_are_refused_and_kept_out_of_the_policy(client, line):
    make_blog(slug="storm")
    with translation.override("en"), pytest.raises(ValidationError, match="is not an origin"):
        Partner(name="x", contact="a@b.example", embed_origins=f"https://b.example\n{line}").full_clean()
    make_framing_partner("https://b.example", line)
    assert frame_ancestors(client.get("/embed/storm/")) == "'self' https://b.example"


def test_embed_etag_changes_with_updates_and_partners(client):
    blog = make_blog(slug="storm")
    make_update(blog)

    def revalidate(etag: str) -> int:
        return client.get("/embed/storm/", headers={"If-None-Match": etag}).status_code

    first = client.get("/embed/storm/")
    etag = first.headers["ETag"]
    assert etag.startswith('W/"2-zh-hant-g0-')
    assert first.headers["Cache-Control"].startswith("public, max-age=0, s-maxage=2")
    assert (first.headers["Vary"], first.cookies) == ("Accept-Encoding", {})
    assert revalidate(etag) == 304
    partner = make_framing_partner("https://a.example")
    assert revalidate(etag) == 200
    changed = client.get("/embed/storm/")
    etag = changed.headers["ETag"]
    assert frame_ancestors(changed) == "'self' https://a.example"
    assert revalidate(etag) == 304
    partner.is_active = False
    partner.save()
    assert revalidate(etag) == 200
    etag = client.get("/embed/storm/").headers["ETag"]
    make_update(blog)
    assert revalidate(etag) == 200


def test_loader_takes_at_most_2_kib():
    assert len((ROOT / "static/js/embed.js").read_bytes()) <= 2048


# oEmbed


def test_oembed_describes_the_frame_of_a_live_blog(client):
    image = make_image()
    make_blog(slug="storm", kicker="風暴", headline='八號 "信號"', hero_image=image)
    response = get_oembed(client)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.json() == {
        "version": "1.0",
        "type": "rich",
        "title": '風暴︱八號 "信號"',
        "provider_name": "Newsroom",
        "provider_url": SITE,
        "cache_age": 300,
        "width": 640,
        "height": 720,
        "html": f'<iframe src="{SITE}/embed/storm/" width="640" height="720" '
        'title="風暴︱八號 &quot;信號&quot;" loading="lazy" frameborder="0"></iframe>',
        "thumbnail_url": f"{SITE}{image.rendition_url(400, 'jpg')}",
        "thumbnail_width": 400,
        "thumbnail_height": 300,
    }
    again = client.get("/oembed", {"url": f"{SITE}/live/storm/"}, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_oembed_respects_maxwidth_and_maxheight(client):
    make_blog(slug="storm", hero_image=make_image())
    small = get_oembed(client, maxwidth=320, maxheight=200).json()
    assert (small["width"], small["height"]) == (320, 200)
    assert 'width="320" height="200"' in small["html"]
    # The thumbnail of 320 by 240 pixels would exceed maxheight.
    assert "thumbnail_url" not in small
    large = get_oembed(client, maxwidth=5000, maxheight="").json()
    assert (large["width"], large["height"]) == (640, 720)
    for wrong in ("0", "-1", "x", "1.5", "９"):
        assert get_oembed(client, maxwidth=wrong).status_code == 400


def test_oembed_maps_each_url_of_a_live_blog_to_its_embed(client):
    make_blog(slug="storm", headline="颱風")
    for path, embed_path in {
        "/live/storm/?before=1#updates": "/embed/storm/",
        "/zh-hans/live/storm/": "/zh-hans/embed/storm/",
        "/zh-hant/live/storm/": "/embed/storm/",
    }.items():
        assert f'src="{SITE}{embed_path}"' in get_oembed(client, SITE + path).json()["html"]
    assert get_oembed(client, "https://127.0.0.1:8000/live/storm/").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        f"{SITE}/live/storm",
        f"{SITE}/zh-hans/live/storm",
        "https://127.0.0.1:8000/live/storm/",
        "http://www.127.0.0.1:8000/live/storm/",
        "HTTP://LOCALHOST:8000/live/storm/",
        f"{SITE}/live/storm/?text=1&utm_source=partner#update-5",
        f"{SITE}/live/storm?utm_source=partner",
        f"{SITE}/%6Cive/st%6Frm/",
        f" {SITE}/live/storm/ ",
    ],
)
def test_oembed_accepts_every_url_that_leads_to_the_page(client, address):
    make_blog(slug="storm")
    assert get_oembed(client, address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/live/storm/",
        "http://127.0.0.1:8001/live/storm/",
        "http://127.0.0.1:99999/live/storm/",
        "http://127.0.0.1:8000@evil.example/live/storm/",
        "http://evil.example@127.0.0.1:8000/live/storm/",
        "http://www.evil.example/live/storm/",
        "ftp://127.0.0.1:8000/live/storm/",
        "//127.0.0.1:8000/live/storm/",
        "/live/storm/",
    ],
)
def test_oembed_returns_404_for_other_sites(client, address):
    make_blog(slug="storm")
    assert get_oembed(client, address).status_code == 404


@pytest.mark.parametrize(
    "address", ["https://news.example", "http://news.example", "https://www.news.example:443"]
)
def test_oembed_accepts_http_and_https_urls_of_the_site(client, settings, address):
    settings.SITE_URL = "https://news.example"
    make_blog(slug="storm")
    assert get_oembed(client, f"{address}/live/storm").status_code == 200


def test_documented_request_gets_the_documented_response(client):
    make_blog(slug="east-shore-line")
    documentation = (ROOT / "docs/embedding.md").read_text()
    address = re.search(f"curl '{SITE}(/oembed[^']*)'", documentation)[1]
    response = client.get(address)
    assert (response.json()["width"], response.json()["height"]) == (480, 600)
    statuses = set(map(int, re.findall(r"^\| (\d{3}) \|", documentation, re.MULTILINE)))
    assert statuses == {400, 401, 404, 410, 501}


def test_pages_link_to_their_oembed(client):
    make_blog(slug="storm")
    for path in ("/live/storm/", "/zh-hans/live/storm/"):
        page = client.get(path).content.decode()
        href = re.search(r'type="application/json\+oembed" title="[^"]+"\s+href="([^"]+)"', page)[1]
        assert href == f"{SITE}/oembed?url={quote(SITE + path, safe='')}"
        assert f"{path.replace('live', 'embed')}" in client.get(href.removeprefix(SITE)).json()["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"format": "xml"}, 501),
        ({"format": "yaml"}, 501),
        ({"url": ""}, 400),
        ({"url": "https://elsewhere.example/live/storm/"}, 404),
        ({"url": f"{SITE}@elsewhere.example/live/storm/"}, 404),
        ({"url": "javascript://127.0.0.1:8000/live/storm/"}, 404),
        ({"url": "http://["}, 404),
        ({"url": "/live/storm/"}, 404),
        ({"url": f"{SITE}/"}, 404),
        ({"url": f"{SITE}/live/none/"}, 404),
        ({"url": f"{SITE}/nowhere"}, 404),
        ({"url": f"{SITE}/topics/none/"}, 404),
        ({"url": f"{SITE}/zh-hans/live/english/"}, 404),
        ({"url": f"{SITE}/admin/liveblog/update/1/change/"}, 401),
    ],
)
def test_oembed_errors_are_json(client, query, status):
    make_blog(slug="storm")
    make_blog(slug="english", language="en")
    response = get_oembed(client, **query)
    assert (response.status_code, list(response.json())) == (status, ["error"])
    assert response.headers["Access-Control-Allow-Origin"] == "*"


# Blogs that are not public


def make_hidden_blogs() -> dict[str, str]:
    """Create blogs that readers may not see and return their slugs by state."""
    soon = timezone.now() + timedelta(hours=1)
    blogs = {
        "draft": make_blog(is_live=False, headline="密"),
        "embargoed": make_blog(embargo_until_at=soon, headline="密"),
        "embargoed later": make_blog(headline="密"),
    }
    later = blogs["embargoed later"]
    for blog in blogs.values():
        make_update(blog, "密")
    edit_blog(later, embargo_until_at=soon)
    return {name: blog.slug for name, blog in blogs.items()}


def test_hidden_blogs_are_in_no_embed_feed_or_sitemap(client):
    make_update(make_blog(slug="storm"))
    for name, slug in make_hidden_blogs().items():
        for edition in ("", "/zh-hans"):
            assert client.get(f"{edition}/embed/{slug}/").status_code == 404, name
            hidden, unknown = (
                get_oembed(client, f"{SITE}{edition}/live/{requested_slug}/")
                for requested_slug in (slug, "none")
            )
            assert (hidden.status_code, hidden.content) == (404, unknown.content), name
            for form in ("atom", "rss", "json"):
                assert client.get(f"{edition}/live/{slug}/feed.{form}").status_code == 404, name
                assert slug not in client.get(f"{edition}/feed.{form}").content.decode(), name
        for path in ("/sitemap-live.xml", "/sitemap-updates.xml", "/news-sitemap.xml", "/"):
            assert slug not in client.get(path).content.decode(), name


def test_withdrawn_blog_returns_410_from_embed_and_oembed(client):
    blog = make_blog(slug="storm", headline="密")
    publishing.withdraw_blog(blog, by=SYSTEM)
    for response in (client.get("/embed/storm/"), get_oembed(client)):
        assert response.status_code == 410
        assert "密" not in response.content.decode()
