"""Request bodies from partners: JSON of bounded size whose members have exactly the documented types.

Unknown members are rejected rather than ignored, because a misspelt one would be lost silently.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.core.validators import ProhibitNullCharactersValidator, URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from liveblog.api.filters import MOMENT, SLUG
from liveblog.api.keys import open_blogs
from liveblog.models import Byline, Update
from liveblog.publishing import Story
from liveblog.publishing.limits import LONGEST, MOST
from newsroom import hongkong

# At least one visible character. Regex engines disagree on whether control characters are whitespace.
PRINTED: Final = r"[^\s\x00-\x1F\x7F-\xA0]"
# Room for the longest text with every character escaped, and for the other members.
MAX_BYTES: Final = 8 * LONGEST["body"]
# An error names at most this many unknown members, and this many characters of each.
_MOST_NAMED: Final = 10
_LONGEST_NAMED: Final = 60
_refuse_nul: Final = ProhibitNullCharactersValidator()


class TooLarge(APIException):
    status_code = 413
    default_detail = f"Send at most {MAX_BYTES} bytes."


class BoundedJSONParser(BaseParser):
    """Parser for JSON as in RFC 8259: UTF-8, without NaN, and without lone surrogates, even if escaped."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        # Reject a body that is too large by its declared length, without reading it, even under plain WSGI.
        if length.isdecimal() and int(length) > MAX_BYTES:
            raise TooLarge
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge
        try:
            payload = json.loads(body.decode(), parse_constant=_refuse_constant)
            # Encoding fails on lone surrogates: no database stores them, and no error message can quote them.
            json.dumps(payload, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body is not JSON in UTF-8: {error}.") from error
        return payload


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class Text(serializers.CharField):
    """A string field without coercion: 5 is not accepted as "5"."""

    # Maximum length in characters, for text that is parsed or looked up, such as a name.
    longest: int | None = None

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        # Check the length before parsing: validators run later, and the error would quote the whole text.
        if self.longest is not None and len(data) > self.longest:
            reason = self.error_messages["max_length"].format(max_length=self.longest)
            raise serializers.ValidationError(reason, code="max_length")
        # Reject NUL before any lookup: validators run later, and PostgreSQL does not accept NUL.
        _refuse_nul(data)
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """A choice field whose error quotes only the beginning of a long value."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and len(data) > _LONGEST_NAMED:
            self.fail("invalid_choice", input=f"{data[:_LONGEST_NAMED]}…")
        return super().to_internal_value(data)


class Truth(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Count(serializers.IntegerField):
    """An integer field that accepts 5.0, as JSON Schema does."""

    def to_internal_value(self, data: Any) -> int:
        is_whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        if isinstance(data, bool) or not is_whole:
            self.fail("invalid")
        return super().to_internal_value(int(data))


@extend_schema_field({"type": "string", "format": "date-time", "pattern": r"^(19\d\d|20\d\d)-"})
class Moment(Text):
    """A date-time field that requires a UTC offset: without one, the time zone could be misread."""

    # Room for nanoseconds: `2026-03-19T12:00:00.000000000+08:00`.
    longest = 40

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            moment = hongkong.parse_moment(text)
        except ValueError as error:
            raise serializers.ValidationError(MOMENT) from error
        if moment.year not in hongkong.YEARS:
            raise serializers.ValidationError(
                f"Give a year from {hongkong.YEARS[0]} to {hongkong.YEARS[-1]}."
            )
        return moment


@extend_schema_field({"type": "string", "maxLength": 120, "pattern": PRINTED})
class BylineName(Text):
    longest = 120

    def to_internal_value(self, data: Any) -> Any:
        name = super().to_internal_value(data)
        byline = Byline.objects.filter(name=name).first()
        if byline is None:
            raise serializers.ValidationError(
                f"There is no byline “{name}”. Ask the newsroom to add it.", code="unknown"
            )
        return byline


class BylineNames(serializers.ListField):
    """A list of byline names whose length is checked before any name is looked up, not afterwards."""

    child = BylineName()

    def to_internal_value(self, data: Any) -> list[Byline]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        bylines: list[Byline] = super().to_internal_value(data)
        return bylines


@extend_schema_field(SLUG | {"maxLength": 120})
class BlogSlug(Text):
    """A live blog that the key may read."""

    longest = 120

    def to_internal_value(self, data: Any) -> Any:
        slug = super().to_internal_value(data)
        blog = open_blogs(self.context["request"]).filter(slug=slug).first()
        if blog is None:
            raise serializers.ValidationError(f"There is no live blog “{slug}”.", code="unknown")
        return blog


class Entry(serializers.Serializer):
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and (unknown := sorted(data.keys() - self.fields.keys())):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {
                    name[:_LONGEST_NAMED]: [f"There is no such member. Known here: {known}."]
                    for name in unknown[:_MOST_NAMED]
                }
            )
        entered: dict[str, Any] = super().to_internal_value(data)
        return entered


def _text(schema: dict[str, Any], **options: Any) -> serializers.Field:
    """Return a text field with these keywords added to its OpenAPI schema."""
    field_class = extend_schema_field({"type": "string"} | schema)(type("DescribedText", (Text,), {}))
    field: serializers.Field = field_class(**options)
    return field


def _printed(longest: int, **options: Any) -> serializers.Field:
    """Return a text field that requires at least one visible character."""
    return _text({"maxLength": longest, "pattern": PRINTED}, max_length=longest, **options)


class StoryEntry(Entry):
    title = _printed(LONGEST["title"])
    url = _text(
        {"maxLength": LONGEST["url"], "format": "uri"},
        required=False,
        max_length=LONGEST["url"],
        validators=[URLValidator(schemes=["http", "https"], code="unknown")],
    )
    live_blog = BlogSlug(required=False, help_text="The slug of a live blog, in place of `url`.")
    after_block = Count(
        required=False,
        default=0,
        min_value=0,
        max_value=1000,
        help_text="How many of the text's paragraphs, lists or tables come before it.",
    )

    def validate(self, attrs: dict[str, Any]) -> Story:
        if "url" in attrs and "live_blog" in attrs:
            raise serializers.ValidationError("Give `url` or `live_blog`, not both.", code="unknown")
        return Story(**attrs)


class ContentEntry(Entry):
    """The content of an update. Omitted members are empty on creation, and unchanged otherwise."""

    heading = Text(required=False, allow_blank=True, max_length=LONGEST["heading"])
    body = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST["body"],
        help_text="HTML. Tags that are not allowed are removed.",
    )
    happened_at = Moment(required=False, help_text="When it happened; now, if left out.")
    has_clock_time = Truth(
        required=False, help_text="If false, readers see only the day; the time still decides the order."
    )
    is_key_event = Truth(required=False)
    bylines = BylineNames(
        required=False,
        max_length=MOST["bylines"],
        help_text="Names of the newsroom's bylines, in order.",
    )
    # assignment: serializers are fields and have an attribute of this name; a declared field does not clash.
    source = Text(required=False, allow_blank=True, max_length=LONGEST["source"])  # type: ignore[assignment]
    verification = Choice(
        required=False, choices=list(Update.Verification.values), help_text="Empty: not stated."
    )
    # call-arg: with `many`, the arguments are those of a ListSerializer.
    related_stories = StoryEntry(many=True, required=False, max_length=MOST["stories"])  # type: ignore[call-arg]

    def content(self) -> dict[str, Any]:
        """Return the validated content under the field names of `publishing.Content`."""
        return {
            _CONTENT[name]: tuple(value) if isinstance(value, list) else value
            for name, value in self.validated_data.items()
            if name in _CONTENT
        }


# Field names of `publishing.Content` by the names of the API's members.
_CONTENT: Final = {name: name for name in map(str, ContentEntry().fields)} | {"related_stories": "stories"}


class UpdateEntry(ContentEntry):
    status = Choice(
        choices=[Update.Status.DRAFT.value, Update.Status.PUBLISHED.value],
        help_text="`draft` leaves it to the newsroom's editors; `published` shows it to readers at once.",
    )


class ChangeEntry(ContentEntry):
    """The members to change."""

    status = Choice(required=False, choices=[Update.Status.PUBLISHED.value], help_text="Publishes a draft.")
    note = _printed(
        LONGEST["note"],
        required=False,
        help_text="What was wrong; readers see it as a correction. For published updates only.",
    )


class WithdrawalEntry(Entry):
    reason = _printed(LONGEST["note"], help_text="Internal: readers do not see it.")
