"""OpenAPI 3.1 description of the requests that webhooks receive; `liveblog.webhooks` sends them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers

from liveblog.api.describing import EitherUpdate
from liveblog.api.serializers import BlogSerializer, ChangeSerializer, UpdateSerializer
from liveblog.models import Change, LiveBlog

_ANSWERS: Final = {
    "2XX": OpenApiResponse(description="You have stored it: the next change follows."),
    "410": OpenApiResponse(description="The webhook is switched off at once."),
    "429": OpenApiResponse(description="Retried after `Retry-After`, at most four hours later."),
    "default": OpenApiResponse(description="Retried with exponential backoff for three days."),
}
_HEADERS: Final = {
    "webhook-id": "Identifies the change; the same on every retry.",
    "webhook-timestamp": "Seconds since 1970. Refuse a delivery that is off by more than five minutes.",
    "webhook-signature": (
        "`v1,` and the Base64 of an HMAC-SHA256 over id, timestamp and raw body with dots between; several "
        "with spaces between while a secret is being replaced (https://www.standardwebhooks.com/)."
    ),
}


class GoneBlogSerializer(serializers.Serializer):
    """A live blog that was withdrawn or put under embargo: delete your copy."""

    slug = serializers.CharField()
    url = serializers.URLField(help_text="The page that readers saw.")
    number = serializers.IntegerField(help_text="Of the change.")
    status = serializers.ChoiceField(choices=[LiveBlog.Status.WITHDRAWN.value])


class DeliveredBlogSerializer(serializers.Serializer):
    """The live blog in its current state: a Blog or a GoneBlog, depending on `status`."""

    either = {"live": BlogSerializer, "ended": BlogSerializer, "withdrawn": GoneBlogSerializer}


class EitherBlog(EitherUpdate):
    target_class = DeliveredBlogSerializer


class DeliveredDataSerializer(serializers.Serializer):
    change = ChangeSerializer(help_text="What happened: an entry of the live blog's log.")
    blog = DeliveredBlogSerializer()
    update = UpdateSerializer(  # type: ignore[assignment]
        allow_null=True, help_text="The update as it stands now; null when the live blog itself changed."
    )


class DeliverySerializer(serializers.Serializer):
    type = serializers.ChoiceField(choices=[f"liveblog.{kind}" for kind in Change.Kind.values])
    timestamp = serializers.DateTimeField(help_text="When it happened.")
    data = DeliveredDataSerializer()  # type: ignore[assignment]


class TestDeliverySerializer(serializers.Serializer):
    type = serializers.ChoiceField(choices=["test"])
    timestamp = serializers.DateTimeField(help_text="When it was asked for.")
    data = serializers.DictField(help_text="Empty.")  # type: ignore[assignment]


change: Final = OpenApiWebhook(
    "change",
    extend_schema(
        operation_id="webhook_change",
        summary="Receive a change",
        description=(
            "Sent for each change of a live blog that the partner may read: at least once, and in order "
            "within a live blog. Each attempt carries the state at that time."
        ),
        tags=["webhooks"],
        request={"application/json": DeliverySerializer},
        responses=_ANSWERS,
    ),
)
test: Final = OpenApiWebhook(
    "test",
    extend_schema(
        operation_id="webhook_test",
        summary="Receive a test event",
        description="Sent on request of the newsroom. It contains no change.",
        tags=["webhooks"],
        request={"application/json": TestDeliverySerializer},
        responses=_ANSWERS,
    ),
)


def describe_headers(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Add headers to the description of webhooks, and remove its authentication.

    This is a postprocessing hook of drf-spectacular, which cannot describe either by itself.
    """
    for path in result.get("webhooks", {}).values():
        path["post"]["security"] = []
        path["post"]["parameters"] = [
            {
                "in": "header",
                "name": name,
                "required": True,
                "schema": {"type": "string"},
                "description": text,
            }
            for name, text in _HEADERS.items()
        ]
    return result
