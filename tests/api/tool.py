"""HTTP client of a partner that writes through the API."""

from __future__ import annotations

import json
from itertools import count

from django.http import HttpResponse
from django.test import Client

_serial = count(1)


class Tool:
    """A partner's client: sends JSON with a key, and a fresh idempotency key unless `token` is given."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {key}"})

    def send(self, method: str, path: str, body: object, token: str | None = None, **options):
        headers = {"idempotency-key": token or f"write-{next(_serial)}"}
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        options = {"content_type": "application/json"} | options
        return self.client.generic(method, f"/api/v1/{path}", data, headers=headers, **options)

    def post(self, body: object, slug: str = "summit", **options):
        return self.send("POST", f"blogs/{slug}/updates/", body, **options)

    def patch(self, update: int, body: object, **options):
        return self.send("PATCH", f"updates/{update}/", body, **options)

    def withdraw(self, update: int, body: object = None, **options):
        return self.send("POST", f"updates/{update}/withdrawal/", body or {"reason": "錯"}, **options)


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    """Return the errors of a problem response by member."""
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.json()["errors"]
