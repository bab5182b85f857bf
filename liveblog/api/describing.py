"""OpenAPI 3.1 descriptions of operations: parameters, responses, errors and authentication."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.serializers import Serializer

from liveblog.api import filters, serializers, writing
from liveblog.api.answers import EDITIONS, PublicView
from liveblog.api.keys import KeyAuthentication
from liveblog.api.problems import CONTENT_TYPE

View = TypeVar("View", bound=Callable[..., Any])

SLUG: Final = OpenApiParameter(
    "slug", filters.SLUG | {"maxLength": 120}, OpenApiParameter.PATH, description="Of the live blog."
)
ID: Final = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Of the update.")
_IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": writing.IDEMPOTENCY_KEY},
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "New for each write. Sent again with the same body, the write is not carried out again: "
        "the answer is the update as it stands now."
    ),
)
_PROBLEMS: Final = {
    400: "A parameter or member is unknown, or its value means nothing.",
    401: "The key is unknown, has expired or was revoked; or this takes a key, and there was none.",
    403: "The key's scopes do not allow this, or not in this live blog.",
    404: "There is nothing at this address, or nothing of the name that was given.",
    406: "No such format.",
    409: "This does not fit the state that things are in.",
    410: "It was withdrawn.",
    412: "A condition in the headers, such as If-Match, does not hold.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Well-formed but not acceptable: an unknown name, a reused key, or text that may not be published.",
    429: "Too often within a minute: `Retry-After` says when to come back.",
}
_EVERYWHERE: Final = {400, 401, 403, 406, 429}


def described(summary: str, serializer: Any, *problems: int, **more: Any) -> Callable[[View], View]:
    """Describe a view's `get`. `problems` lists the error statuses beyond those of every operation."""
    responses: dict[Any, Any] = {
        200: serializer,
        304: OpenApiResponse(description="Nothing changed since the ETag in `If-None-Match`."),
    }
    return extend_schema(summary=summary, responses=responses | _refusals(problems), **more)


def described_write(
    summary: str, entry: type[Serializer], *created: int, parameters: list[OpenApiParameter], **more: Any
) -> Callable[[View], View]:
    """Describe a view's `post` or `patch`, which responds with the update.

    `created` is 201 if the operation can create an update, else omitted.
    """
    written = serializers.WrittenSerializer
    responses: dict[Any, Any] = {
        200: OpenApiResponse(written, description="The update in its current state.")
    } | {status: OpenApiResponse(written, description="The new update.") for status in created}
    return extend_schema(
        summary=summary,
        request={"application/json": entry},
        responses=responses | _refusals((404, 409, 410, 412, 413, 415, 422)),
        parameters=[*parameters, _IDEMPOTENCY_KEY],
        **more,
    )


def _refusals(statuses: Iterable[int]) -> dict[Any, Any]:
    return {
        (status, CONTENT_TYPE): OpenApiResponse(serializers.ProblemSerializer, description=_PROBLEMS[status])
        for status in sorted(_EVERYWHERE | set(statuses))
    }


class OperationSchema(AutoSchema):
    """Schema with the parameters of `PublicView`; a key is optional for reading and required for writing."""

    def get_override_parameters(self) -> list[OpenApiParameter | Serializer | type[Serializer]]:
        parameters = [*super().get_override_parameters()]
        if self.method != "GET" or not isinstance(self.view, PublicView):
            return parameters
        if self.view.has_editions:
            parameters.append(
                OpenApiParameter(
                    "edition",
                    {"type": "string", "enum": EDITIONS},
                    description=(
                        "Chinese text in this script, converted where it is written in the other. "
                        "Other languages stay as they are."
                    ),
                )
            )
        if self.view.field_names:
            names = {"type": "string", "enum": list(self.view.field_names)}
            parameters.append(
                OpenApiParameter(
                    "fields",
                    {"type": "array", "items": names, "minItems": 1},
                    style="form",
                    explode=False,
                    description="Only these members of each object: names separated by commas.",
                )
            )
        return parameters

    def get_auth(self) -> list[dict[str, Any]]:
        keyed = super().get_auth()
        return [{}, *keyed] if self.method in SAFE_METHODS else keyed


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A partner's key, `nrk_…`. Its scopes and its partner's grants say what it opens.",
        }


class EitherUpdate(OpenApiSerializerExtension):
    """Schema of an update as one of several alternatives, discriminated by `status`."""

    target_class: type[Serializer] = serializers.UpdateSerializer

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        either = {
            status: _component(auto_schema, serializer, direction).ref
            for status, serializer in self.target.either.items()
        }
        return {
            "oneOf": list({ref["$ref"]: ref for ref in either.values()}.values()),
            "discriminator": {
                "propertyName": "status",
                "mapping": {status: ref["$ref"] for status, ref in either.items()},
            },
        }


class EitherWritten(EitherUpdate):
    target_class = serializers.WrittenSerializer


def _component(
    auto_schema: AutoSchema, serializer: type[Serializer], direction: Direction
) -> ResolvedComponent:
    return auto_schema.resolve_serializer(serializer, direction)


def let_fields_be_left_out(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Let members be missing in responses that take `fields`; forbid unknown members in request bodies.

    This is a postprocessing hook of drf-spectacular.
    """
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith(("Entry", "EntryRequest")):
            schema["additionalProperties"] = False
    for operations in result["paths"].values():
        reading = operations.get("get", {})
        if any(parameter["name"] == "fields" for parameter in reading.get("parameters", ())):
            _allow_sparse(schemas, reading["responses"]["200"]["content"]["application/json"]["schema"])
    return result


def _allow_sparse(schemas: dict[str, Any], answer: dict[str, Any]) -> None:
    name = _name_of(answer)
    if "results" in schemas[name]["properties"]:
        holder, at = schemas[name]["properties"]["results"], "items"
    else:
        holder, at = {"": answer}, ""
    if "anyOf" in holder[at]:
        return
    whole = dict(holder[at])
    sparse = f"Sparse{_name_of(whole)}"
    schemas[sparse] = _sparse(schemas, _name_of(whole))
    holder[at].clear()
    holder[at]["anyOf"] = [whole, {"$ref": f"#/components/schemas/{sparse}"}]


def _sparse(schemas: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a schema with the same members, none of them required, merged from all alternatives."""
    alternatives = schemas[name].get("oneOf")
    wholes = [schemas[_name_of(one)] for one in alternatives] if alternatives else [schemas[name]]
    properties: dict[str, Any] = {}
    for whole in wholes:
        for member, schema in whole["properties"].items():
            known = properties.get(member)
            is_new = known is None or known == schema
            properties[member] = schema if is_new else {"type": "string", "description": "As of the whole."}
    return {"type": "object", "description": "The members that `fields` names.", "properties": properties}


def _name_of(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
