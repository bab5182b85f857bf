"""Serializers that describe responses in OpenAPI; `presentation.payloads` builds the actual payloads."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from liveblog.models import Change, LiveBlog, RelatedStory, Update
from liveblog.models.blog import Language
from liveblog.presentation import payloads
from liveblog.presentation.views import BlogView, StoryView, TopicView, UpdateView
from newsroom.text import marking


class TopicSerializer(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    url = serializers.URLField(help_text="The topic's page.")

    def to_representation(self, view: TopicView) -> dict[str, Any]:
        return payloads.topic(view)


class BylineSerializer(serializers.Serializer):
    name = serializers.CharField()
    role = serializers.CharField()


class RenditionSerializer(serializers.Serializer):
    width = serializers.IntegerField(help_text="In pixels.")
    url = serializers.URLField()


class ImageSerializer(serializers.Serializer):
    alt = serializers.CharField(help_text="What the picture shows, for readers who do not see it.")
    caption = serializers.CharField()
    credit = serializers.CharField()
    is_sensitive = serializers.BooleanField(help_text="Do not show it until a reader asks to see it.")
    width = serializers.IntegerField(help_text="In pixels, of the original.")
    height = serializers.IntegerField(help_text="In pixels, of the original.")
    renditions = RenditionSerializer(many=True, help_text="JPEG files, narrowest first.")


class StorySerializer(serializers.Serializer):
    title = serializers.CharField()
    url = serializers.URLField(allow_null=True, help_text="Null as long as no link has been found.")
    after_block = serializers.IntegerField(
        help_text=(
            "How many of the text's paragraphs, lists or tables come before it; 0 "
            "for a live blog's own stories."
        )
    )


# assignment, below and in `entry` and `webhooks`: the REST framework collects declared fields and removes
# them from the class, so they do not replace its attributes of the same name.


class RelatedStorySerializer(StorySerializer):
    blog = serializers.CharField(help_text="The slug of the live blog that shows it.")
    update = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="The id of the update that shows it; null for a live blog's own stories."
    )

    def to_representation(self, row_and_view: tuple[RelatedStory, StoryView]) -> dict[str, Any]:
        row, view = row_and_view
        return payloads.story(view) | {"blog": row.printed_in.slug, "update": row.update_id}


class NeighbourSerializer(serializers.Serializer):
    headline = serializers.CharField()
    url = serializers.URLField()


class KeyEventSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    url = serializers.URLField()
    heading = serializers.CharField()
    happened_at = serializers.DateTimeField(allow_null=True, help_text="Null if only the day is known.")
    happened_on = serializers.DateField(help_text="The Hong Kong day.")


class ResponseSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="As entered by the reader.")
    text = serializers.CharField(help_text="Plain text.")
    at = serializers.DateTimeField(help_text="The time of its approval.")


class BlogSerializer(serializers.Serializer):
    slug = serializers.CharField()
    url = serializers.URLField(help_text="The page that readers see.")
    number = serializers.IntegerField(
        help_text="The number of its last change; pass it to `changes` as `after`."
    )
    status = serializers.ChoiceField(choices=[LiveBlog.Status.LIVE.value, LiveBlog.Status.ENDED.value])
    language = serializers.ChoiceField(
        choices=[language.tag for language in Language], help_text="A BCP 47 tag."
    )
    converted_from = serializers.ChoiceField(
        choices=[language.tag for language in Language if language.other_script],
        allow_null=True,
        help_text="The script that it was written in, if this is a machine conversion.",
    )
    kicker = serializers.CharField()
    headline = serializers.CharField()
    standfirst = serializers.CharField(help_text="Plain text; each line is a paragraph.")
    summary = serializers.CharField(help_text="What we know, as HTML.")
    coverage_start_at = serializers.DateTimeField()
    coverage_end_at = serializers.DateTimeField(
        allow_null=True, help_text="While coverage runs: its planned end."
    )
    first_published_at = serializers.DateTimeField()
    modified_at = serializers.DateTimeField()
    pinned = serializers.IntegerField(allow_null=True, help_text="The id of the pinned update.")
    key_events = KeyEventSerializer(many=True, help_text="The newest ones, newest first: at most ten.")
    has_more_key_events = serializers.BooleanField(
        help_text="Whether there are others: list all of them with `updates/?is_key_event=true`."
    )
    bylines = BylineSerializer(many=True)
    topics = TopicSerializer(many=True)
    hero_image = ImageSerializer(allow_null=True)
    related_stories = StorySerializer(many=True)
    responses = ResponseSerializer(
        many=True,
        allow_null=True,
        help_text="Readers' responses, newest first; null if they are switched off.",
    )
    continued_in = NeighbourSerializer(allow_null=True, help_text="The live blog that follows this one.")
    continued_from = NeighbourSerializer(allow_null=True, help_text="The live blog that this one follows.")

    def to_representation(self, view: BlogView) -> dict[str, Any]:
        return payloads.blog(view)


class CorrectionSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    note = serializers.CharField()


class _KnownSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    blog = serializers.CharField(help_text="The slug of its live blog.")
    url = serializers.URLField(help_text="The page that readers see.")
    number = serializers.IntegerField(help_text="The number of its last change in the live blog's log.")


class _OrderSerializer(serializers.Serializer):
    happened_at = serializers.DateTimeField(allow_null=True, help_text="Null if only the day is known.")
    happened_on = serializers.DateField(help_text="The Hong Kong day.")
    order = serializers.CharField(
        help_text="Sorting by it as text gives the order of the page: higher is newer."
    )


class _PlaceSerializer(_KnownSerializer, _OrderSerializer):
    pass


class _SaidSerializer(serializers.Serializer):
    heading = serializers.CharField()
    body = serializers.CharField(help_text="HTML.")
    is_key_event = serializers.BooleanField()
    bylines = BylineSerializer(many=True, help_text="In the editor's order.")
    source = serializers.CharField()  # type: ignore[assignment]
    verification = serializers.ChoiceField(
        choices=list(Update.Verification.values), help_text="Empty: not stated."
    )
    modified_at = serializers.DateTimeField()
    related_stories = StorySerializer(many=True)
    images = ImageSerializer(many=True)


class PublishedUpdateSerializer(_PlaceSerializer, _SaidSerializer):
    status = serializers.ChoiceField(choices=[Update.Status.PUBLISHED.value])
    is_pinned = serializers.BooleanField(
        help_text=(
            "At the time of this answer. In stored copies rely on the live blog's `pinned`: "
            "pinning does not change the update."
        )
    )
    first_published_at = serializers.DateTimeField()
    corrections = CorrectionSerializer(many=True, help_text="Newest first.")


class TombstoneSerializer(_PlaceSerializer):
    """A withdrawn update: its place, and when it was withdrawn."""

    status = serializers.ChoiceField(choices=[Update.Status.WITHDRAWN.value])
    withdrawn_at = serializers.DateTimeField()


class UnpublishedUpdateSerializer(_KnownSerializer):
    """An update whose publication was undone: delete your copy. Only lists of changes contain it."""

    status = serializers.ChoiceField(choices=["unpublished"])


class UpdateSerializer(serializers.Serializer):
    """A PublishedUpdate, a Tombstone or an UnpublishedUpdate, depending on `status`."""

    # The serializers by `status`.
    either = {
        "published": PublishedUpdateSerializer,
        "withdrawn": TombstoneSerializer,
        "unpublished": UnpublishedUpdateSerializer,
    }

    def to_representation(self, view: UpdateView) -> dict[str, Any]:
        return payloads.update(view)


class DraftSerializer(_OrderSerializer, _SaidSerializer):
    """An update that readers do not see: a draft, submitted for review, or scheduled."""

    id = serializers.IntegerField()
    blog = serializers.CharField(help_text="The slug of its live blog.")
    status = serializers.ChoiceField(
        choices=[
            Update.Status.DRAFT.value,
            Update.Status.SUBMITTED.value,
            Update.Status.SCHEDULED.value,
        ]
    )


class WrittenSerializer(serializers.Serializer):
    """The update in its current state after a write: a PublishedUpdate, a Draft or a Tombstone."""

    either = {
        "published": PublishedUpdateSerializer,
        "withdrawn": TombstoneSerializer,
        "draft": DraftSerializer,
        "submitted": DraftSerializer,
        "scheduled": DraftSerializer,
    }

    def to_representation(self, view: UpdateView) -> dict[str, Any]:
        is_public = view.is_published or view.is_withdrawn
        return payloads.update(view) if is_public else payloads.draft(view)


class RunSerializer(serializers.Serializer):
    text = serializers.CharField()
    is_match = serializers.BooleanField()


class ResultSerializer(PublishedUpdateSerializer):
    """A matching update, with the text around the match."""

    snippet = RunSerializer(many=True, help_text="Plain text in runs, cut at both ends.")

    def to_representation(self, view: UpdateView) -> dict[str, Any]:
        runs = marking.snippet(view.body, self.context["request"].query_params["q"])
        return payloads.update(view) | {
            "snippet": [{"text": text, "is_match": is_match} for text, is_match in runs]
        }


class ChangeSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(Change.Kind.values))
    update = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="The id of the update that changed; null if the live blog itself changed."
    )
    at = serializers.DateTimeField()

    def to_representation(self, row: Change) -> dict[str, Any]:
        return payloads.change(row)


class ChangesSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="The last number included: the next `after`.")
    has_more = serializers.BooleanField(help_text="Whether more changes follow: request them at once.")
    blog = BlogSerializer(allow_null=True, help_text="Its current state; null if nothing follows `after`.")
    updates = UpdateSerializer(
        many=True,
        help_text=(
            "The latest state of each changed update; one that changed again after "
            "`number` follows on a later page."
        ),
    )
    changes = ChangeSerializer(many=True, help_text="The log itself, oldest first.")


class RootSerializer(serializers.Serializer):
    blogs = serializers.URLField()
    blog = serializers.CharField(help_text="A URI template (RFC 6570).")
    blog_updates = serializers.CharField(help_text="A URI template.")
    blog_changes = serializers.CharField(help_text="A URI template.")
    updates = serializers.URLField()
    update = serializers.CharField(help_text="A URI template.")  # type: ignore[assignment]
    related_stories = serializers.URLField()
    topics = serializers.URLField()
    search = serializers.CharField(help_text="A URI template.")
    blog_ninjs = serializers.CharField(help_text="A URI template.")
    update_ninjs = serializers.CharField(help_text="A URI template.")
    schema = serializers.URLField(help_text="This API as OpenAPI 3.1.")
    docs = serializers.URLField(help_text="Interactive documentation of it.")


class ProblemSerializer(serializers.Serializer):
    """RFC 9457."""

    type = serializers.CharField(help_text="`about:blank`: the status says it all.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong, in words.")
    instance = serializers.CharField(help_text="The path of the request.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="For 400 and 422: the errors of each parameter or member.",
    )
    number = serializers.IntegerField(required=False, help_text="For 409: the last number of the log.")


def names_of(serializer: type[serializers.Serializer]) -> tuple[str, ...]:
    """Return the names of all members that a response can have, which `fields` may select."""
    either = getattr(serializer, "either", {"": serializer}).values()
    return tuple(dict.fromkeys(name for one in either for name in one().fields))
