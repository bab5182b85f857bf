"""Editions, which convert a response to the other script, and sparse fieldsets."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from liveblog import publishing
from liveblog.models import Topic
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import release
from tests.api.description import breaches
from tests.factories import make_blog, make_image, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "http://127.0.0.1:8000"


@pytest.fixture
def update(db: None):
    """Return a Traditional Chinese update with every field set; also create an English live blog."""
    topic = Topic.objects.create(slug="rail", name="鐵路")
    line = make_blog(
        slug="line",
        kicker="東岸綫",
        headline="通車首日",
        standfirst="開出",
        summary="<p>開出</p>",
        topics=(topic,),
        stories=(Story("專題"),),
    )
    other = make_blog(slug="other", headline="續報")
    update = make_update(
        line,
        "首班車開出",
        body="<p>乘客湧入車站。</p>",
        is_key_event=True,
        source="記者",
        images=(make_image(alt="車站"),),
        stories=(Story("路綫圖", live_blog=other),),
    )
    make_update(make_blog(slug="english", language="en", headline="Opening day"), "First train")
    return publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正時間")


TRADITIONAL = "開續車東鐵綫專報記湧"


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("blogs/", "blogs/"),
        ("blogs/line/", "blogs/{slug}/"),
        ("blogs/line/updates/", "blogs/{slug}/updates/"),
        ("blogs/line/changes/?after=0", "blogs/{slug}/changes/"),
        ("blogs/line/ninjs/", "blogs/{slug}/ninjs/"),
        ("updates/", "updates/"),
        ("updates/{id}/", "updates/{id}/"),
        ("updates/{id}/ninjs/", "updates/{id}/ninjs/"),
        ("related-stories/", "related-stories/"),
        ("topics/", "topics/"),
        ("search/?q=乘客", "search/"),
    ],
)
def test_every_response_is_converted_to_the_other_script(client, update, path, operation):
    path = "/api/v1/" + path.format(id=update.pk)
    converted = f"{path}{'&' if '?' in path else '?'}edition=zh-hans"

    plain, response = client.get(path), client.get(converted)
    again = client.get(converted, headers={"if-none-match": response.headers["ETag"]})
    own_script = client.get(converted.replace("zh-hans", "zh-hant"))

    text = response.content.decode()
    assert [character for character in TRADITIONAL if character in text] == []
    assert any(character in plain.content.decode() for character in TRADITIONAL)
    assert breaches(client, operation, response) == []
    assert (again.status_code, again.headers["ETag"]) == (304, response.headers["ETag"])
    assert response.headers["ETag"] != plain.headers["ETag"]
    if "page_size" not in path and "ninjs" not in path:
        assert own_script.json() == plain.json()


def test_an_edition_gives_its_language_and_links_to_its_own_pages(client, update):
    blog = client.get("/api/v1/blogs/line/?edition=zh-hans").json()
    story = client.get("/api/v1/related-stories/?edition=zh-hans").json()["results"][0]

    assert (blog["language"], blog["converted_from"]) == ("zh-Hans", "zh-Hant-HK")
    assert (blog["headline"], blog["url"]) == ("通车首日", f"{SITE}/zh-hans/live/line/")
    assert story["url"] == f"{SITE}/zh-hans/live/other/"


def test_an_english_blog_is_not_converted(client, update):
    plain, converted = (client.get(f"/api/v1/blogs/english/{query}") for query in ("", "?edition=zh-hans"))

    assert converted.json() == plain.json()
    assert converted.headers["ETag"] == plain.headers["ETag"]


def test_a_changed_glossary_changes_the_etag_of_an_edition(client, update):
    path = "/api/v1/blogs/line/?edition=zh-hans"
    before = client.get(path).headers["ETag"]

    publishing.add_term(by=SYSTEM, traditional="東岸綫", simplified="东岸专线")

    after = client.get(path, headers={"if-none-match": before})
    assert before == f'W/"3-zh-hans-g0-{release.digest()}"'
    assert (after.status_code, after.json()["kicker"]) == (200, "东岸专线")
    assert after.headers["ETag"] == f'W/"3-zh-hans-g1-{release.digest()}"'


def test_fields_selects_members(client, update):
    one = client.get(f"/api/v1/updates/{update.pk}/?fields=id,heading")
    listing = client.get("/api/v1/updates/?fields=heading&page_size=2&blog=line")
    changes = client.get("/api/v1/blogs/line/changes/?after=0&fields=number,has_more")

    assert one.json() == {"id": update.pk, "heading": "首班車開出"}
    assert listing.json()["results"] == [{"heading": "首班車開出"}]
    assert changes.json() == {"number": 3, "has_more": False}
    assert breaches(client, "updates/{id}/", one) == []
    assert breaches(client, "updates/", listing) == []
    assert breaches(client, "blogs/{slug}/changes/", changes) == []


def test_etags_depend_on_the_fields_but_not_on_their_order(client, update):
    etags = [
        client.get(f"/api/v1/blogs/line/{query}").headers["ETag"]
        for query in ("", "?fields=slug", "?fields=slug,number", "?fields=number,slug")
    ]

    assert etags[2] == etags[3]
    assert len(set(etags)) == 3


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("edition=en", {"edition": ["Choose one of: zh-hant, zh-hans."]}),
        ("edition=zh-Hans", {"edition": ["Choose one of: zh-hant, zh-hans."]}),
        ("fields=slug,secret", {"fields": ["There is no “secret” here, but: slug, name, url."]}),
        ("fields=slug,", {"fields": ["There is no “” here, but: slug, name, url."]}),
        ("fields=slug&fields=url", {"fields": ["Give this parameter once."]}),
    ],
)
def test_unknown_editions_and_fields_return_400(client, query, errors):
    response = client.get(f"/api/v1/topics/?{query}")

    assert (response.status_code, response.json()["errors"]) == (400, errors)


def test_query_count_in_an_edition_does_not_grow_with_rows(client, update):
    paths = ["blogs/", "updates/", "related-stories/", "topics/", "search/?q=乘客", "blogs/line/ninjs/"]
    paths = [f"/api/v1/{path}{'&' if '?' in path else '?'}edition=zh-hans" for path in paths]
    # The first request caches the glossary, so it must not be counted.
    client.get(paths[0])
    counts = [count_queries(client, path) for path in paths]
    other = make_blog(
        slug="third", topics=(Topic.objects.create(slug="sea", name="海運"),), stories=(Story("專"),)
    )
    for _ in range(5):
        make_update(other, body="<p>乘客</p>", stories=(Story("圖"),), images=(make_image(),))
        make_update(update.blog, body="<p>乘客</p>", stories=(Story("圖"),), images=(make_image(),))

    assert [count_queries(client, path) for path in paths] == counts


def count_queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
