"""Validation of real responses against the served OpenAPI description."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker


def get_description(client: Client) -> dict[str, Any]:
    return client.get("/api/v1/schema/?format=json").json()


def breaches(client: Client, operation: str, response: HttpResponse, method: str = "get") -> list[str]:
    """Return where `response` deviates from the description of `operation`; unknown keys are errors.

    Members may be missing only if the request narrowed them with `fields`.
    """
    description = get_description(client)
    if "fields" not in response.wsgi_request.GET:
        description = _whole(description)
    responses = description["paths"][f"/api/v1/{operation}"][method]["responses"]
    content = responses[str(response.status_code)]["content"]
    media_type = response.headers["Content-Type"].partition(";")[0]
    schema = content[media_type]["schema"] | {"components": _closed(description["components"])}
    errors = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(response.json())
    return [f"{error.json_path}: {error.message}" for error in errors]


def breaches_of_webhook(client: Client, name: str, body: dict[str, Any]) -> list[str]:
    """Return where `body` deviates from the description of the webhook `name`; unknown keys are errors."""
    description = _whole(get_description(client))
    content = description["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]
    schema = content["schema"] | {"components": _closed(description["components"])}
    errors = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in errors]


def _whole(node: Any) -> Any:
    """Return the description without the sparse alternatives that exist for `fields`."""
    if isinstance(node, list):
        return [_whole(item) for item in node]
    if not isinstance(node, dict):
        return node
    alternatives = node.get("anyOf", [])
    if alternatives and all("$ref" in one for one in alternatives):
        node = alternatives[0]
    return {key: _whole(value) for key, value in node.items()}


def _closed(node: Any) -> Any:
    """Return the schema with `additionalProperties` false wherever it lists properties."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        closed["additionalProperties"] = False
    return closed
