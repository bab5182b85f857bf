"""Filters of lists. Invalid values are rejected with a reason, never ignored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from django_filters.filters import QuerySetRequestMixin
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from liveblog.api.keys import open_blogs
from liveblog.models import LiveBlog, RelatedStory, Topic, Update
from liveblog.models.blog import Language, LiveBlogQuerySet
from liveblog.models.update import UpdateQuerySet
from newsroom import hongkong

LONGEST_QUERY: Final = 100
SLUG: Final = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}
MOMENT: Final = "Give a moment as in RFC 3339, with its offset: 2026-03-19T12:00:00+08:00."
Moments = tuple[datetime, datetime]


class DayField(forms.CharField):
    """A day in Hong Kong, converted to the times in UTC at which it and the next day begin."""

    def clean(self, value: Any) -> Moments | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
            if day.isoformat() != text:
                raise ValueError
            return _utc(hongkong.at(day)), _utc(hongkong.at(day + timedelta(days=1)))
        except (ValueError, OverflowError) as error:
            raise ValidationError("Give a day as YYYY-MM-DD.") from error


class MomentField(forms.CharField):
    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return hongkong.parse_moment(text)
        except ValueError as error:
            raise ValidationError(MOMENT) from error


class SlugChoiceField(forms.SlugField):
    """A field that converts a slug to its row."""

    def __init__(self, *, queryset: QuerySet, **kwargs: Any):
        super().__init__(**kwargs)
        self.queryset = queryset

    def clean(self, value: Any) -> Any:
        slug = super().clean(value)
        if not slug:
            return None
        row = self.queryset.filter(slug=slug).first()
        if row is None:
            name = self.queryset.model._meta.verbose_name
            raise ValidationError(f"There is no {name} “{slug}”.", code="unknown")
        return row


class DayFilter(filters.Filter):
    field_class = DayField


class MomentFilter(filters.Filter):
    field_class = MomentField


class SlugFilter(QuerySetRequestMixin, filters.Filter):
    """A filter by a row's slug. `rows` gets the request, to limit the rows to visible ones."""

    field_class = SlugChoiceField

    def __init__(self, *, rows: Callable[[Request], QuerySet[Any]], **options: Any) -> None:
        super().__init__(**options)
        self._rows = rows

    def get_queryset(self, request: Request) -> QuerySet[Any]:
        return self._rows(request)


def _documented(schema: dict[str, Any], description: str, narrowing: filters.Filter) -> filters.Filter:
    # type-var: the decorator takes filters too, but is typed for callables.
    return extend_schema_field(schema | {"description": description})(narrowing)  # type: ignore[type-var]


def _one_of(choices: dict[str, Any], schema_type: str, description: str, **options: Any) -> filters.Filter:
    """Return a filter by a choice of names; it filters by the value that `choices` has for the name."""
    narrowing = filters.TypedChoiceFilter(
        choices=[(name, name) for name in choices],
        coerce=choices.__getitem__,
        empty_value=None,
        error_messages={"invalid_choice": f"Choose one of: {', '.join(choices)}."},
        **options,
    )
    schema: dict[str, Any] = {"type": schema_type}
    if schema_type == "string":
        schema["enum"] = list(choices)
    return _documented(schema, description, narrowing)


def _status(choices: list[str], description: str, field_name: str = "status") -> filters.Filter:
    by_name = {str(choice): str(choice) for choice in choices}
    return _one_of(by_name, "string", description, field_name=field_name)


def _is_key_event(description: str) -> filters.Filter:
    return _one_of({"true": True, "false": False}, "boolean", description, field_name="is_key_event")


def _language(**options: Any) -> filters.Filter:
    tags = {language.tag: language.value for language in Language}
    return _one_of(tags, "string", "The language that the live blog is written in.", **options)


def open_topics(request: Request) -> QuerySet[Topic]:
    """Return the topics of the live blogs that the requester may read."""
    return Topic.objects.filter(blogs__in=open_blogs(request)).distinct()


def _topic(**options: Any) -> filters.Filter:
    narrowing = SlugFilter(rows=open_topics, **options)
    return _documented(SLUG, "The slug of a topic of the live blog.", narrowing)


def _blog(**options: Any) -> filters.Filter:
    narrowing = SlugFilter(rows=open_blogs, **options)
    return _documented(SLUG, "The slug of a live blog.", narrowing)


def _day(description: str, method: str) -> filters.Filter:
    return _documented({"type": "string", "format": "date"}, description, DayFilter(method=method))


def _updated_since() -> filters.Filter:
    return _documented(
        {"type": "string", "format": "date-time"},
        "Last changed at this moment or later. To follow one live blog, ask for its `changes` instead.",
        MomentFilter(field_name="modified_at", lookup_expr="gte"),
    )


class BlogFilters(filters.FilterSet):
    status = _status([LiveBlog.Status.LIVE, LiveBlog.Status.ENDED], "Whether coverage runs or has ended.")
    language = _language(field_name="language")
    topic = _topic(field_name="topics")
    day = _day("A Hong Kong day on which coverage ran, as YYYY-MM-DD.", "ran_on")
    updated_since = _updated_since()
    q = _documented(
        {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY},
        "What the head of the live blog says, in either script: each part between spaces.",
        filters.CharFilter(method="saying", max_length=LONGEST_QUERY),
    )

    def saying(self, blogs: LiveBlogQuerySet, name: str, query: str) -> LiveBlogQuerySet:
        return blogs.saying(query)

    def ran_on(self, blogs: QuerySet[LiveBlog], name: str, day: Moments) -> QuerySet[LiveBlog]:
        start, end = day
        # The end of running coverage is only planned, so ignore it.
        return blogs.filter(
            Q(status=LiveBlog.Status.LIVE) | Q(coverage_end_at__gte=start), coverage_start_at__lt=end
        )


class UpdatesOfBlogFilters(filters.FilterSet):
    status = _status(
        [Update.Status.PUBLISHED, Update.Status.WITHDRAWN], "Only updates to read, or only tombstones."
    )
    is_key_event = _is_key_event("Key events, or all others. The tombstone of a key event counts as one.")
    day = _day("The Hong Kong day that the update stands under, as YYYY-MM-DD.", "happened_on")
    updated_since = _updated_since()

    def happened_on(self, updates: QuerySet[Update], name: str, day: Moments) -> QuerySet[Update]:
        return _happened_on(updates, day)


class UpdateFilters(UpdatesOfBlogFilters):
    blog = _blog(field_name="blog")
    language = _language(field_name="blog__language")
    topic = _topic(field_name="blog__topics")


class SearchFilters(filters.FilterSet):
    q = _documented(
        {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY},
        "What the update says, in either script: each part between spaces.",
        filters.CharFilter(method="saying", required=True, max_length=LONGEST_QUERY),
    )
    blog = _blog(field_name="blog")
    blog_status = _status(
        [LiveBlog.Status.LIVE, LiveBlog.Status.ENDED],
        "Whether coverage runs or has ended.",
        field_name="blog__status",
    )
    language = _language(field_name="blog__language")
    topic = _topic(field_name="blog__topics")
    is_key_event = _is_key_event("Key events, or all others.")
    day = _day("The Hong Kong day that the update stands under, as YYYY-MM-DD.", "happened_on")
    updated_since = _updated_since()

    def saying(self, updates: UpdateQuerySet, name: str, query: str) -> UpdateQuerySet:
        return updates.saying(query)

    def happened_on(self, updates: QuerySet[Update], name: str, day: Moments) -> QuerySet[Update]:
        return _happened_on(updates, day)


class RelatedStoryFilters(filters.FilterSet):
    blog = _blog(method="of_blog")
    language = _language(method="in_language")
    topic = _topic(method="under_topic")

    def of_blog(self, stories: QuerySet[RelatedStory], name: str, blog: LiveBlog) -> QuerySet[RelatedStory]:
        return stories.filter(Q(home=blog.pk))

    def in_language(
        self, stories: QuerySet[RelatedStory], name: str, language: str
    ) -> QuerySet[RelatedStory]:
        return stories.filter(Q(home__in=LiveBlog.objects.filter(language=language).values("pk")))

    def under_topic(self, stories: QuerySet[RelatedStory], name: str, topic: Topic) -> QuerySet[RelatedStory]:
        return stories.filter(Q(home__in=topic.blogs.values("pk")))


def _happened_on(updates: QuerySet[Update], day: Moments) -> QuerySet[Update]:
    start, end = day
    return updates.filter(happened_at__gte=start, happened_at__lt=end)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
