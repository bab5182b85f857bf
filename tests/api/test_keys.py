"""Partner keys: authentication, errors and caching of keyed responses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import ApiKey, Partner, Scope
from liveblog.publishing import SYSTEM
from tests.api.description import breaches
from tests.factories import make_blog, make_key, make_update

pytestmark = pytest.mark.django_db

REALM = 'Bearer realm="Newsroom API"'
REFUSED = "This key is unknown, has expired or was revoked."


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_keyed_responses_are_not_stored_and_revalidate_to_304(client):
    blog = make_blog(slug="summit")
    make_update(blog)
    key = make_key(Scope.READ)

    for path in ("/api/v1/blogs/summit/", "/api/v1/blogs/", "/api/v1/blogs/summit/changes/?after=0"):
        keyed, plain = client.get(path, headers=bearer(key)), client.get(path)
        again = client.get(path, headers=bearer(key) | {"if-none-match": keyed.headers["ETag"]})
        assert keyed.json() == plain.json()
        assert keyed.headers["Cache-Control"] == "private, no-store"
        assert "Authorization" in keyed.headers["Vary"]
        assert (
            plain.headers["Cache-Control"]
            == "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"
        )
        # Without this Vary a shared cache would serve partners the response that it stored for readers.
        assert plain.headers["Vary"] == keyed.headers["Vary"] == "Authorization, Accept-Encoding"
        assert (again.status_code, again.headers["Cache-Control"]) == (304, "private, no-store")
        assert not keyed.cookies


def test_the_bearer_scheme_is_case_insensitive(client):
    key = make_key(Scope.READ)

    assert client.get("/api/v1/topics/", headers={"authorization": f"bearer  {key}"}).status_code == 200


@pytest.mark.parametrize("state", ["revoked", "expired", "inactive partner", "never was"])
def test_an_invalid_key_returns_401_even_for_public_resources(client, state):
    secret = make_key(Scope.READ)
    match state:
        case "revoked":
            publishing.revoke_key(ApiKey.objects.get(), by=SYSTEM)
        case "expired":
            ApiKey.objects.update(expires_at=timezone.now())
        case "inactive partner":
            Partner.objects.update(is_active=False)
        case "never was":
            ApiKey.objects.all().delete()

    response = client.get("/api/v1/topics/", headers=bearer(secret))

    assert response.status_code == 401
    assert response.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": REFUSED,
        "instance": "/api/v1/topics/",
    }
    assert response.headers["WWW-Authenticate"] == f'{REALM}, error="invalid_token"'
    assert response.headers["Cache-Control"] == "private, no-store"
    assert breaches(client, "topics/", response) == []


@pytest.mark.parametrize(
    "credentials",
    ["Basic bmV3czpyb29t", "Bearer", "Bearer a b", "nrk_1", "Bearer \xe9\xff", "Bearer " + "x" * 5000],
)
def test_malformed_credentials_return_401(client, credentials):
    response = client.get("/api/v1/blogs/", headers={"authorization": credentials})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == f'{REALM}, error="invalid_token"'


def test_the_stored_digest_is_not_a_valid_key(client):
    make_key(Scope.READ)

    assert client.get("/api/v1/blogs/", headers=bearer(ApiKey.objects.get().digest)).status_code == 401


def test_a_write_only_key_may_not_read(client):
    make_blog(slug="summit")
    key = make_key(Scope.WRITE_PUBLISH)

    response = client.get("/api/v1/blogs/summit/", headers=bearer(key))

    assert (response.status_code, response.json()["detail"]) == (
        403,
        "This key may not read: it has neither the scope read nor read:embargoed.",
    )
    assert response.headers["Cache-Control"] == "private, no-store"


def test_last_use_is_recorded_without_a_write_per_request(client, django_assert_num_queries):
    secret = make_key(Scope.READ)
    before = timezone.now()

    client.get("/api/v1/", headers=bearer(secret))
    used = ApiKey.objects.get().last_used_at
    with django_assert_num_queries(1):
        client.get("/api/v1/", headers=bearer(secret))
    assert before <= used <= timezone.now()
    assert ApiKey.objects.get().last_used_at == used

    earlier = used - timedelta(minutes=6)
    ApiKey.objects.update(last_used_at=earlier)
    client.get("/api/v1/", headers=bearer(secret))
    assert ApiKey.objects.get().last_used_at > earlier


def test_a_granted_key_reads_embargoed_coverage(client):
    embargoed = make_blog(slug="held", embargo_until_at=timezone.now() + timedelta(hours=1))
    update = make_update(embargoed, "未可發布")
    key = make_key(Scope.READ_EMBARGOED, blogs=[embargoed])

    blog = client.get("/api/v1/blogs/held/", headers=bearer(key))
    changes = client.get("/api/v1/blogs/held/changes/?after=0", headers=bearer(key))
    matches = client.get("/api/v1/search/?q=未可發布", headers=bearer(key))
    filtered = client.get("/api/v1/updates/?blog=held", headers=bearer(key))

    assert (blog.status_code, blog.json()["slug"]) == (200, "held")
    assert [row["id"] for row in changes.json()["updates"]] == [update.pk]
    assert [row["id"] for row in matches.json()["results"]] == [update.pk]
    assert [row["id"] for row in filtered.json()["results"]] == [update.pk]
    assert breaches(client, "blogs/{slug}/changes/", changes) == []


def test_lifting_the_embargo_appears_in_the_public_change_log(client):
    embargoed = make_blog(slug="held", embargo_until_at=timezone.now() + timedelta(hours=1))
    make_update(embargoed)
    key = make_key(Scope.READ_EMBARGOED, blogs=[embargoed])
    number = client.get("/api/v1/blogs/held/", headers=bearer(key)).json()["number"]
    assert client.get("/api/v1/blogs/held/").status_code == 404

    publishing.lift_embargo(embargoed, by=SYSTEM)

    changes = client.get(f"/api/v1/blogs/held/changes/?after={number}").json()
    assert [change["kind"] for change in changes["changes"]] == ["embargo_lifted"]


def test_coverage_withdrawn_under_embargo_stays_404_for_readers(client):
    embargoed = make_blog(slug="held", embargo_until_at=timezone.now() + timedelta(hours=1))
    publishing.withdraw_blog(embargoed, by=SYSTEM)
    key = make_key(Scope.READ_EMBARGOED, blogs=[embargoed])

    for path in (
        "/api/v1/blogs/held/",
        "/live/held/",
        "/live/held/feed.atom",
        "/live/held/changes.json?after=0",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/api/v1/blogs/held/", headers=bearer(key)).status_code == 410
