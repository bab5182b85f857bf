"""What partners may send: JSON of a bounded size, each member of the type that the description names.

A member that is not known is refused, never ignored: misspelt, it would be lost without a word.
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
from liveblog.models import Byline, LiveBlog, Update
from liveblog.publishing import Story
from liveblog.publishing.limits import LONGEST, MOST
from newsroom import hongkong

# At least one character that shows; engines differ on whether the control characters are spaces.
PRINTED: Final = r"[^\s\x00-\x1F\x7F-\xA0]"
# The longest text, every character of it escaped, and room for the rest.
MAX_BYTES: Final = 8 * LONGEST["body"]
# How many of the members that are not known a refusal names, and how much of each.
_MOST_NAMED: Final = 10
_LONGEST_NAMED: Final = 60
_refuse_nul: Final = ProhibitNullCharactersValidator()


class TooLarge(APIException):
    status_code = 413
    default_detail = f"Send at most {MAX_BYTES} bytes."


class BoundedJSONParser(BaseParser):
    """JSON as RFC 8259: UTF-8, without NaN, and without halves of characters, which escapes can spell."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        # What is said to be too large is not read, under plain WSGI either.
        if length.isdecimal() and int(length) > MAX_BYTES:
            raise TooLarge
        sent = stream.read(MAX_BYTES + 1)
        if len(sent) > MAX_BYTES:
            raise TooLarge
        try:
            found = json.loads(sent.decode(), parse_constant=_refuse_constant)
            # A lone surrogate is kept by no database, and could not even be quoted in what refuses it.
            json.dumps(found, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError("This JSON is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"This is no JSON in UTF-8: {error}.") from error
        return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


class Text(serializers.CharField):
    """Text and nothing else: 5 is not taken for "5"."""

    # In characters, of text that stands for something else, such as a name.
    longest: int | None = None

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        # Before it is read any further: validators come after that, and a refusal would repeat all of it.
        if self.longest is not None and len(data) > self.longest:
            reason = self.error_messages["max_length"].format(max_length=self.longest)
            raise serializers.ValidationError(reason, code="max_length")
        # Before a row is looked for by it: validators come after that, and PostgreSQL takes no NUL.
        _refuse_nul(data)
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of a few; a refusal repeats the beginning of what was sent, not all of it."""

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
    """A whole number; 5.0 is one, as JSON Schema counts."""

    def to_internal_value(self, data: Any) -> int:
        is_whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        if isinstance(data, bool) or not is_whole:
            self.fail("invalid")
        return super().to_internal_value(int(data))


@extend_schema_field({"type": "string", "format": "date-time", "pattern": r"^(19\d\d|20\d\d)-"})
class Moment(Text):
    """With its offset from UTC: a time without one would be taken for another zone's."""

    # `2026-03-19T12:00:00.000000000+08:00`
    longest = 40

    def to_internal_value(self, data: Any) -> Any:
        named = super().to_internal_value(data)
        try:
            moment = hongkong.parse_moment(named)
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

    def to_internal_value(self, data: Any) -> Byline:
        name = super().to_internal_value(data)
        byline = Byline.objects.filter(name=name).first()
        if byline is None:
            raise serializers.ValidationError(
                f"There is no byline “{name}”. Ask the newsroom to add it.", code="unknown"
            )
        return byline


@extend_schema_field(SLUG | {"maxLength": 120})
class BlogSlug(Text):
    """A live blog that the key may read."""

    longest = 120

    def to_internal_value(self, data: Any) -> LiveBlog:
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
        return super().to_internal_value(data)


def _text(schema: dict[str, Any], **options: Any) -> serializers.Field:
    """Text that the description says more of than its length."""
    described = extend_schema_field({"type": "string"} | schema)(type("DescribedText", (Text,), {}))
    return described(**options)


def _printed(longest: int, **options: Any) -> serializers.Field:
    """Text that says something."""
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

    def validate(self, said: dict[str, Any]) -> Story:
        if "url" in said and "live_blog" in said:
            raise serializers.ValidationError("Give `url` or `live_blog`, not both.", code="unknown")
        return Story(**said)


class ContentEntry(Entry):
    """What an update says. What is left out is empty, or stays as it is."""

    heading = Text(required=False, allow_blank=True, max_length=LONGEST["heading"])
    body = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST["body"],
        help_text="HTML. Tags that a page may not print are taken out.",
    )
    happened_at = Moment(required=False, help_text="When it happened; left out, now.")
    has_clock_time = Truth(
        required=False, help_text="False: readers see the day only. The time still gives the order."
    )
    is_key_event = Truth(required=False)
    bylines = serializers.ListField(
        child=BylineName(),
        required=False,
        max_length=MOST["bylines"],
        help_text="Bylines that the newsroom has, in their order.",
    )
    source = Text(required=False, allow_blank=True, max_length=LONGEST["source"])
    verification = Choice(
        required=False, choices=list(Update.Verification.values), help_text="Empty: not stated."
    )
    related_stories = StoryEntry(many=True, required=False, max_length=MOST["stories"])

    def content(self) -> dict[str, Any]:
        """What was said, by the names of `publishing.Content`."""
        return {
            _CONTENT[name]: tuple(value) if isinstance(value, list) else value
            for name, value in self.validated_data.items()
            if name in _CONTENT
        }


# The names of an update's fields, by what they are called here.
_CONTENT: Final = {name: name for name in ContentEntry().fields} | {"related_stories": "stories"}


class UpdateEntry(ContentEntry):
    status = Choice(
        choices=[Update.Status.DRAFT.value, Update.Status.PUBLISHED.value],
        help_text="`draft` leaves it to the newsroom's editors; `published` shows it to readers at once.",
    )


class ChangeEntry(ContentEntry):
    """Only what is to change."""

    status = Choice(required=False, choices=[Update.Status.PUBLISHED.value], help_text="Publishes a draft.")
    note = _printed(
        LONGEST["note"],
        required=False,
        help_text="What was wrong: readers see it as a correction. Published updates only.",
    )


class WithdrawalEntry(Entry):
    reason = _printed(LONGEST["note"], help_text="Stays in the house: readers do not see it.")
