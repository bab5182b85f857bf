"""ninjs 3.1 responses, validated against the schema that IPTC publishes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from liveblog import publishing
from liveblog.api import ninjs
from liveblog.models import Byline, LiveBlog, Scope, Topic, Update
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from newsroom import hongkong
from tests.api.description import breaches
from tests.factories import NOON, make_blog, make_image, make_key, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def validator(schemas: Path) -> Draft202012Validator:
    checker = FormatChecker()
    # Without the packages that implement these formats the checker accepts any value.
    assert {"date-time", "uri"} <= checker.checkers.keys()
    geojson = Resource.from_contents(json.loads((schemas / "GeoJSON-schema.json").read_text()))
    registry = Registry().with_resource("https://geojson.org/schema/GeoJSON.json", geojson)
    schema = json.loads((schemas / "ninjs-schema_3.1.json").read_text())
    return Draft202012Validator(schema, registry=registry, format_checker=checker)


@pytest.fixture
def check(client, validator):
    """Return a function that gets ninjs and validates it against IPTC's schema and our description."""

    def get_valid(path: str, **headers: str) -> dict[str, Any]:
        response = client.get(f"/api/v1/{path}", headers=headers)
        assert response.status_code == 200, response.content
        operation = "blogs/{slug}/ninjs/" if path.startswith("blogs") else "updates/{id}/ninjs/"
        item = response.json()
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(item)] == []
        assert breaches(client, operation, response) == []
        return item

    return get_valid


def test_the_schema_rejects_invalid_items(validator):
    for item in (
        {},
        {"uri": "no uri at all"},
        {"uri": "tag:x,2026:y", "versionCreated": "yesterday"},
        {"uri": "tag:x,2026:y", "pubstatus": "usable"},
    ):
        assert not validator.is_valid(item), item


@pytest.fixture
def blog(db: None) -> LiveBlog:
    return make_blog(
        slug="line",
        kicker="東岸綫",
        headline="通車首日",
        standfirst="首班車六時開出。",
        summary="<p>全綫已通車。</p>",
        hero_image=make_image(alt="月台", caption="首日", credit="本報"),
        bylines=(Byline.objects.create(name="陳大文"), Byline.objects.create(name="李小明")),
        topics=(Topic.objects.create(slug="rail", name="鐵路"),),
        stories=(Story("路綫圖", url="https://example.com/map"), Story("專題")),
    )


@pytest.fixture
def update(blog: LiveBlog) -> Update:
    update = make_update(
        blog,
        "首班車開出",
        body="<p>乘客湧入車站。</p>",
        bylines=(blog.bylines.get(name="陳大文"),),
        source="港鐵",
        images=(make_image(alt="車站"),),
        stories=(Story("班次", 1, "https://example.com/times"),),
    )
    return publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正時間")


def test_a_sensitive_picture_carries_an_editorial_note_and_a_content_warning(check):
    plain, sensitive = make_image(alt="車站"), make_image(alt="傷者", is_sensitive=True)
    blog = make_blog(slug="line", hero_image=sensitive)
    update = make_update(blog, images=(plain, sensitive))

    warnings = {
        "edNote": "Sensitive picture: warn readers, and show it only when they ask to see it.",
        "subjects": [{"name": "Sensitive content", "rel": "contentWarning", "literal": "sensitive"}],
    }
    first, second = check(f"updates/{update.pk}/ninjs/")["associations"]
    assert warnings.keys().isdisjoint(first)
    assert {name: second.get(name) for name in warnings} == warnings
    hero = check("blogs/line/ninjs/")["associations"][0]
    assert {name: hero.get(name) for name in warnings} == warnings


def test_an_offset_with_seconds_is_rounded_to_minutes(check):
    blog = make_blog(slug="line", coverage_start_at=datetime(1900, 1, 1, tzinfo=hongkong.ZONE))
    update = make_update(blog, happened_at=datetime(1900, 1, 2, 12, 0, tzinfo=hongkong.ZONE))
    # Local mean time was 7:36:42 ahead of UTC; this is the closest offset that RFC 3339 can write.
    assert check(f"updates/{update.pk}/ninjs/")["contentCreated"] == "1900-01-02T12:00:18+07:37"
    check("blogs/line/ninjs/")


def test_ids_do_not_change_with_the_site_url(client, update, settings):
    addresses = [f"/api/v1/updates/{update.pk}/ninjs/", "/live/line/feed.json", "/live/line/feed.atom"]
    settings.TAG_AUTHORITY = "old.example"
    before = [_ids(client.get(address).content.decode()) for address in addresses]
    settings.SITE_URL = "https://www.new.example"
    assert [_ids(client.get(address).content.decode()) for address in addresses] == before
    assert all(one.startswith("tag:old.example,2026:/") for ids in before for one in ids)
    settings.TAG_AUTHORITY = "old.example,2027-05"
    item = client.get(addresses[0]).json()
    assert item["uri"] == f"tag:old.example,2027-05:/live/line/{update.pk}/"


def _ids(text: str) -> set[str]:
    return set(re.findall(r"tag:[^\"<]+", text))


def test_an_update_is_a_text_with_associated_pictures_and_stories(check, update):
    image = update.images.get()
    path = f"/live/line/{update.pk}/"

    assert check(f"updates/{update.pk}/ninjs/") == {
        "uri": f"tag:127.0.0.1,2026:{path}",
        "standard": ninjs.STANDARD,
        "type": "text",
        "representationType": "full",
        "version": "3",
        "firstCreated": hongkong.isoformat(update.first_published_at),
        "versionCreated": hongkong.isoformat(update.modified_at),
        "contentCreated": "2026-03-19T12:00:00+08:00",
        "pubStatus": "usable",
        "language": "zh-Hant-HK",
        "altIds": [{"role": "id", "value": str(update.pk)}, {"role": "url", "value": SITE + path}],
        "copyrightHolder": "Newsroom",
        "copyrightNotice": f"© {timezone.localtime().year} Newsroom",
        "title": "首班車開出",
        "headlines": [{"value": "首班車開出"}],
        "bodies": [{"contentType": "text/html", "value": "<p>乘客湧入車站。</p>"}],
        "by": "陳大文",
        "infoSources": [{"name": "港鐵"}],
        "edNote": "更正時間",
        "associations": [
            {
                "uri": f"tag:127.0.0.1,2026:/media/{image.key}/",
                "name": "車站",
                "rel": "picture",
                "type": "picture",
                "descriptions": [{"role": "alt", "value": "車站"}],
                "renditions": [
                    {
                        "name": str(width),
                        "href": f"{SITE}/media/{image.key}/{width}.jpg",
                        "contentType": "image/jpeg",
                        "width": width,
                    }
                    for width in image.widths
                ],
            },
            {
                "uri": "https://example.com/times",
                "name": "班次",
                "rel": "related",
                "type": "text",
                "representationType": "partial",
                "headlines": [{"value": "班次"}],
            },
        ],
    }


def test_a_blog_is_a_composite_of_its_updates_and_stories(check, blog, update):
    second = make_update(blog, "", body="<p>全日無誤。</p>", has_clock_time=False)
    withdrawn = publishing.withdraw_update(make_update(blog, "不應再見"), by=SYSTEM, reason="錯")

    item = check("blogs/line/ninjs/")

    associations = item.pop("associations")
    blog.refresh_from_db()
    assert item == {
        "uri": "tag:127.0.0.1,2026:/live/line/",
        "standard": ninjs.STANDARD,
        "type": "composite",
        "representationType": "full",
        "version": "6",
        "firstCreated": hongkong.isoformat(blog.first_published_at),
        "versionCreated": hongkong.isoformat(blog.modified_at),
        "pubStatus": "usable",
        "language": "zh-Hant-HK",
        "altIds": [{"role": "slug", "value": "line"}, {"role": "url", "value": f"{SITE}/live/line/"}],
        "copyrightHolder": "Newsroom",
        "copyrightNotice": f"© {timezone.localtime().year} Newsroom",
        "title": "東岸綫︱通車首日",
        "headlines": [{"value": "通車首日"}, {"role": "kicker", "value": "東岸綫"}],
        "descriptions": [{"role": "standfirst", "contentType": "text/plain", "value": "首班車六時開出。"}],
        "bodies": [{"role": "summary", "contentType": "text/html", "value": "<p>全綫已通車。</p>"}],
        "by": "李小明、陳大文",
        "subjects": [{"name": "鐵路", "uri": f"{SITE}/topics/rail/"}],
    }
    assert [(one["rel"], one["name"], one.get("pubStatus")) for one in associations] == [
        ("hero", "月台", None),
        ("update", f"#{withdrawn.pk}", "canceled"),
        ("update", "全日無誤。", "usable"),
        ("update", "首班車開出", "usable"),
        ("related", "路綫圖", None),
        ("related", "專題", None),
    ]
    alone = check(f"updates/{second.pk}/ninjs/")
    del alone["standard"]
    assert associations[2] == alone | {"name": "全日無誤。", "rel": "update"}
    assert "contentCreated" not in alone


def test_a_withdrawn_update_is_canceled_without_its_text(check, blog, update):
    publishing.withdraw_update(update, by=SYSTEM, reason="內部原因")

    item = check(f"updates/{update.pk}/ninjs/")

    update.refresh_from_db()
    assert item == {
        "uri": f"tag:127.0.0.1,2026:/live/line/{update.pk}/",
        "standard": ninjs.STANDARD,
        "type": "text",
        "version": "4",
        "firstCreated": hongkong.isoformat(update.first_published_at),
        "versionCreated": hongkong.isoformat(update.withdrawn_at),
        "pubStatus": "canceled",
        "language": "zh-Hant-HK",
        "altIds": [
            {"role": "id", "value": str(update.pk)},
            {"role": "url", "value": f"{SITE}/live/line/{update.pk}/"},
        ],
        "copyrightHolder": "Newsroom",
        "copyrightNotice": f"© {timezone.localtime().year} Newsroom",
    }


def test_a_withdrawn_blog_is_canceled_with_all_its_updates(check, blog, update):
    publishing.withdraw_blog(blog, by=SYSTEM)

    whole, part = check("blogs/line/ninjs/"), check(f"updates/{update.pk}/ninjs/")

    assert (whole["pubStatus"], whole["version"], whole["type"]) == ("canceled", "4", "composite")
    assert part["pubStatus"] == "canceled"
    for item in (whole, part):
        assert item.keys().isdisjoint({"title", "headlines", "bodies", "descriptions", "associations", "by"})


def test_embargoed_items_carry_the_end_of_the_embargo(client, check):
    until = timezone.now() + timedelta(hours=2)
    embargoed = make_blog(slug="held", embargo_until_at=until)
    make_update(embargoed)
    key = make_key(Scope.READ_EMBARGOED, blogs=[embargoed])

    composite = check("blogs/held/ninjs/", authorization=f"Bearer {key}")

    stamp = hongkong.isoformat(until)
    for item in (composite, composite["associations"][0]):
        assert (item["embargoedUntil"], item["usageTerms"]) == (stamp, f"Not to be published before {stamp}.")
    assert client.get("/api/v1/blogs/held/ninjs/").status_code == 404


def test_a_long_blog_is_paged_by_a_hundred_updates(client, check, blog):
    pks = [make_update(blog, str(number)).pk for number in range(103)]

    first = client.get("/api/v1/blogs/line/ninjs/?edition=zh-hant")
    link = first.headers["Link"]
    second = client.get(link.removeprefix("<").partition(">")[0])

    assert link.endswith(f'?before={pks[3]}&edition=zh-hant>; rel="next"')
    assert "Link" not in second.headers
    pages = [
        [one["name"] for one in page.json()["associations"] if one["rel"] == "update"]
        for page in (first, second)
    ]
    assert pages == [[str(number) for number in range(102, 2, -1)], ["2", "1", "0"]]
    assert [page.json()["representationType"] for page in (first, second)] == ["partial", "partial"]
    check(f"blogs/line/ninjs/?before={pks[3]}")


def test_a_withdrawal_is_not_hidden_by_a_304(client, update):
    path = f"/api/v1/updates/{update.pk}/ninjs/"
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"if-none-match": etag}).status_code == 304

    publishing.withdraw_update(update, by=SYSTEM, reason="錯")

    again = client.get(path, headers={"if-none-match": etag})
    assert (again.status_code, again.json()["pubStatus"]) == (200, "canceled")


@pytest.mark.parametrize(
    ("before", "status"), [("0", 404), ("999999", 404), ("x", 400), ("-1", 400), ("9" * 30, 400)]
)
def test_before_other_than_an_update_of_the_blog_is_refused(client, blog, before, status):
    response = client.get(f"/api/v1/blogs/line/ninjs/?before={before}")

    assert (response.status_code, list(response.json()["errors"])) == (status, ["before"])


@pytest.mark.parametrize("text", ["標題", "a" * 250, "“引號” & <b>"])
def test_any_text_and_url_yields_a_valid_item(check, blog, text):
    story = Story(text, url="https://zh.example.org/維基/香港?q=“二”")
    details = replace(BlogDetails.of(blog), language="en", headline=text, stories=(story,))
    publishing.edit_blog(blog, details, by=SYSTEM)
    make_update(blog, text, happened_at=NOON, source=text[:120])

    item = check("blogs/line/ninjs/")

    assert item["headlines"][0] == {"value": text}
    assert item["associations"][-1]["uri"].startswith("https://zh.example.org/%E7%B6%AD%E5%9F%BA/")
