"""Related stories and pictures as inline rows, which one verb saves together with their parent."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from liveblog.admin.reading import FieldNames, TeamFields, is_linkable
from liveblog.admin.saving import VerbForm, by_field
from liveblog.models import RelatedStory
from liveblog.publishing import Story
from liveblog.publishing.limits import MOST
from newsroom.sign_in import user_of


class RowForm(VerbForm):
    """A row whose position among the others is typed as a number; a row without a number comes last."""

    order = forms.IntegerField(
        label=_("Order"), required=False, min_value=0, widget=forms.NumberInput({"size": 3})
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk:
            self.initial["order"] = self.instance.position + 1


class RowFormSet(forms.BaseInlineFormSet):
    refusal: ValidationError | None = None

    def clean(self) -> None:
        super().clean()
        if self.refusal is not None and self.model is RelatedStory:
            raise ValidationError(by_field(self.refusal).get("stories", []))


class EditsContent(Protocol):
    """The admin of the rows' parent."""

    def may_edit_content(self, request: HttpRequest, obj: Any) -> bool: ...


class RowInline(TeamFields, admin.TabularInline):
    """Inline rows that a user may edit if they may edit the parent."""

    form = RowForm
    formset = RowFormSet
    extra = 0
    # The rows' key in `publishing.limits.MOST`.
    most = "stories"

    def get_formset(
        self, request: HttpRequest, obj: models.Model | None = None, **options: Any
    ) -> type[forms.BaseInlineFormSet]:
        # Django builds as many rows as a form claims to have, even if it sends fewer, so cap the number.
        most = {"max_num": MOST[self.most], "absolute_max": MOST[self.most] + 1, "validate_max": True}
        formset = super().get_formset(request, obj, **most | options)
        assert issubclass(formset, RowFormSet)
        formset.refusal = getattr(request, "refusal", None)
        return formset

    def may_edit(self, request: HttpRequest, obj: models.Model | None) -> bool:
        parent = cast(EditsContent, admin.site.get_model_admin(self.parent_model))
        return parent.may_edit_content(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.may_edit(request, obj)


class StoryInline(RowInline):
    model = RelatedStory
    autocomplete_fields = ["live_blog"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    readonly_fields = ["shown_live_blog"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RelatedStory]:
        is_shown = is_linkable(user_of(request), "live_blog")
        rows = super().get_queryset(request).select_related("live_blog")
        annotated: QuerySet[RelatedStory] = rows.annotate(is_link_shown=is_shown)
        return annotated

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> FieldNames:
        """Return the fields. Read-only pages name the other live blog only to users who may read it."""
        fields = list(super().get_fields(request, obj))
        if self.may_edit(request, obj):
            return fields
        return ["shown_live_blog" if name == "live_blog" else name for name in fields]

    @admin.display(description=_("other live blog"))
    def shown_live_blog(self, story: RelatedStory) -> str:
        return name_of_link(story)


def name_of_link(story: RelatedStory) -> str:
    """Return the name of the live blog that a story leads to, unless the user may not be shown it.

    The story must be annotated with `is_link_shown`.
    """
    if story.live_blog is None:
        return ""
    return str(story.live_blog) if story.is_link_shown else str(_("A live blog of another team"))


def stories_of(rows: list[dict[str, Any]]) -> tuple[Story, ...]:
    return tuple(
        Story(row["title"], row.get("after_block") or 0, row.get("url") or "", row.get("live_blog"))
        for row in rows
    )
