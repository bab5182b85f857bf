"""The served OpenAPI description, as a judge of real answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker


def described(client: Client) -> dict[str, Any]:
    return client.get("/api/v1/schema/?format=json").json()


def breaches(client: Client, operation: str, response: HttpResponse, method: str = "get") -> list[str]:
    """What of `response` the description of `operation` does not say, unknown keys included.

    Members may be missing only where `fields` asked for less.
    """
    description = described(client)
    if "fields" not in response.wsgi_request.GET:
        description = _whole(description)
    answers = description["paths"][f"/api/v1/{operation}"][method]["responses"]
    content = answers[str(response.status_code)]["content"]
    media_type = response.headers["Content-Type"].partition(";")[0]
    schema = content[media_type]["schema"] | {"components": _closed(description["components"])}
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(response.json())
    return [f"{error.json_path}: {error.message}" for error in found]


def breaches_of_webhook(client: Client, name: str, body: dict[str, Any]) -> list[str]:
    """What of `body` the description of the webhook `name` does not say, unknown keys included."""
    description = _whole(described(client))
    content = description["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]
    schema = content["schema"] | {"components": _closed(description["components"])}
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in found]


def _whole(node: Any) -> Any:
    """The same description without what is described for `fields`."""
    if isinstance(node, list):
        return [_whole(item) for item in node]
    if not isinstance(node, dict):
        return node
    alternatives = node.get("anyOf", [])
    if alternatives and all("$ref" in one for one in alternatives):
        node = alternatives[0]
    return {key: _whole(value) for key, value in node.items()}


def _closed(node: Any) -> Any:
    """The same schema, refusing keys that it does not name."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        closed["additionalProperties"] = False
    return closed
