"""Updates in the admin: a form whose action selects the verb that saves it, and list actions."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from liveblog import publishing, visibility
from liveblog.admin.bulk import confirm_each, do_each, withdraw_with_reason
from liveblog.admin.fields import ActionField, choice_field
from liveblog.admin.filters import BlogFilter
from liveblog.admin.inlines import RowInline, StoryInline, stories_of
from liveblog.admin.pictures import preview
from liveblog.admin.reading import TeamAdmin
from liveblog.admin.saving import VerbAdmin, VerbForm
from liveblog.models import Revision, Update, UpdateByline, UpdateImage
from liveblog.publishing import KEEPS_STATE, WRITES, Action, Content, fingerprint
from liveblog.publishing.content import COLUMNS
from liveblog.publishing.updates import as_saved
from liveblog.visibility import PUBLIC
from newsroom import hongkong
from newsroom.rich_text import RichTextWidget
from newsroom.sign_in import user_of
from newsroom.text import html, languages

# Actions that the form offers; pinning and marking are list actions.
_OFFERED: Final = WRITES | {Action.WITHDRAW, Action.RESTORE}


REVISIONS_SHOWN: Final = 50


def _offered_to(user: User, update: Update | None) -> list[Action]:
    actions = publishing.actions_for(user, update.blog if update else None, update)
    return [action for action in actions if action in _OFFERED]


class UpdateForm(VerbForm):
    action = ActionField(label=gettext_lazy("Action"), known=[action.value for action in _OFFERED])
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "For a correction: what was wrong (readers see it). For a withdrawal: the "
            "reason (readers do not see it)."
        ),
    )
    # Fingerprint of the content that the form was opened with, for optimistic locking.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        widgets = {
            "body": RichTextWidget,
            "edition_wording": forms.Textarea({"rows": 3, "class": "vLargeTextField"}),
            "heading": forms.TextInput({"class": "vLargeTextField"}),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.saved = self.instance if self.instance.pk else None
        if "action" in self.fields:
            actions = _offered_to(self.user, self.saved)
            choice_field(self, "action").choices = [(action.value, action.label) for action in actions]
            keeps_state = KEEPS_STATE.get(self.instance.status)
            self.initial["action"] = keeps_state if keeps_state in actions else next(iter(actions), None)
        if self.saved:
            self.initial["seen"] = fingerprint(Content.of(self.saved))
            self.initial["happened_at"] = self.saved.given_time
            self.initial["body"] = languages.untagged(self.saved.body)
        if "happened_at" in self.fields:
            field = self.fields["happened_at"]
            field.required = field.widget.is_required = False
            field.help_text = _("Hong Kong time. Leave empty for the time when it goes live.")

    def clean_body(self) -> str:
        return html.from_typed(self.cleaned_data["body"])

    def content(self, rows: dict[str, list[dict[str, Any]]]) -> Content:
        return Content(
            **{name: self.cleaned_data[name] for name in COLUMNS},
            bylines=tuple(row["byline"] for row in rows["updatebyline"]),
            stories=stories_of(rows["relatedstory"]),
            images=tuple(row["image"] for row in rows["updateimage"]),
        )


class UpdateBylineInline(RowInline):
    model = UpdateByline
    autocomplete_fields = ["byline"]
    fields = ["byline", "order"]


class UpdateStoryInline(StoryInline):
    fk_name = "update"
    fields = ["title", "url", "live_blog", "after_block", "order"]


class UpdateImageInline(RowInline):
    model = UpdateImage
    most = "images"
    autocomplete_fields = ["image"]
    fields = ["image", "picture", "order"]
    readonly_fields = ["picture"]

    @admin.display(description=gettext_lazy("preview"))
    def picture(self, row: UpdateImage) -> str:
        return preview(row.image) if row.image_id else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[UpdateImage]:
        return super().get_queryset(request).select_related("image")


class RevisionInline(admin.TabularInline):
    """Read-only list of when the update was published, changed and withdrawn."""

    model = Revision
    fields = ["number", "kind", "note", "by", "at"]
    readonly_fields = ["number", "kind", "note", "by", "at"]
    ordering = ["-pk"]
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("history")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """Return the newest revisions; the desk and the list of revisions page through all of them."""
        rank = Window(RowNumber(), partition_by="update", order_by="-pk")
        newest = Revision.objects.annotate(rank=rank).filter(rank__lte=REVISIONS_SHOWN)
        return newest.select_related("by").defer("content")

    def has_view_permission(self, request: HttpRequest, obj: Update | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Update | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Update | None = None) -> bool:
        return False


@admin.register(Update)
class UpdateAdmin(TeamAdmin, VerbAdmin):
    form = UpdateForm
    list_display = ["happened", "title", "marks", "state", "blog", "signed", "number"]
    list_display_links = ["title"]
    list_select_related = ["blog"]
    list_filter = [
        "status",
        "is_key_event",
        "verification",
        BlogFilter,
        "blog__language",
        ("blog__topics", admin.RelatedOnlyFieldListFilter),
    ]
    list_per_page = 50
    search_fields = ["heading", "body", "source", "bylines__name", "blog__headline", "blog__kicker"]
    search_help_text = gettext_lazy("Heading, text, source, byline or live blog")
    date_hierarchy = "happened_at"
    autocomplete_fields = ["blog"]
    radio_fields = {"verification": admin.HORIZONTAL}
    inlines = [UpdateBylineInline, UpdateStoryInline, UpdateImageInline, RevisionInline]
    actions = ["publish", "withdraw", "pin", "unpin", "mark_key", "unmark_key"]

    _state = ["status", "number", "first_published_at", "modified_at", "withdrawn_at", "created_by"]

    # Page content

    def get_fieldsets(self, request: HttpRequest, obj: Update | None = None) -> list[tuple]:
        fieldsets = [
            (
                None,
                {"fields": ["blog", "heading", "body", ("happened_at", "has_clock_time"), "is_key_event"]},
            ),
            (_("Where it comes from"), {"fields": [("source", "verification")]}),
            (_("The other script"), {"fields": ["edition_wording"], "classes": ["collapse"]}),
        ]
        if self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj):
            detail = "note" if obj and obj.is_visible else "publish_at"
            fieldsets.append((_("Save"), {"fields": ["action", detail, "seen"]}))
        if obj:
            fieldsets.append((_("State"), {"fields": [("status", "number"), *self._state[2:]]}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Update | None = None) -> list[str]:
        if obj is None:
            return []
        return ["blog", *self._state, *([] if self.may_edit_content(request, obj) else COLUMNS)]

    def get_inlines(self, request: HttpRequest, obj: Update | None) -> list[type]:
        return self.inlines if obj else [inline for inline in self.inlines if inline is not RevisionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Update]:
        return super().get_queryset(request).select_related("blog").prefetch_related("update_bylines__byline")

    def view_on_site(self, update: Update) -> str | None:
        is_public = update.is_visible and visibility.can_read(PUBLIC, update.blog)
        return update.get_absolute_url() if is_public else None

    @admin.display(description=gettext_lazy("time of the event"), ordering="happened_at")
    def happened(self, update: Update) -> str:
        day = hongkong.day_label(update.happened_on, get_language(), with_year=True)
        return f"{day} {hongkong.clock_label(update.happened_at)}" if update.has_clock_time else day

    @admin.display(description=gettext_lazy("heading"), ordering="heading")
    def title(self, update: Update) -> str:
        return update.title or str(update)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, update: Update) -> str:
        if update.status == Update.Status.SCHEDULED and update.publish_at:
            at = hongkong.to_hong_kong(update.publish_at)
            return f"{update.get_status_display()} {at:%Y-%m-%d %H:%M}"
        return update.get_status_display()

    @admin.display(description=gettext_lazy("key, pinned"), ordering="is_key_event")
    def marks(self, update: Update) -> str:
        marks = {_("Key event"): update.is_key_event, _("Pinned"): update.is_pinned}
        return " · ".join(mark for mark, is_set in marks.items() if is_set)

    @admin.display(description=gettext_lazy("bylines"))
    def signed(self, update: Update) -> str:
        return _(", ").join(byline.name for byline in update.ordered_bylines)

    # Permissions

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(_offered_to(user_of(request), None))

    def has_change_permission(self, request: HttpRequest, obj: Update | None = None) -> bool:
        may_change_some = any(request.user.has_perm(f"liveblog.{name}_update") for name in _CHANGING)
        if obj is not None and obj.is_by(user_of(request)):
            may_change_some = may_change_some or request.user.has_perm("liveblog.add_update")
        # The status may have changed since the form was opened. Let posts through, so that the verb can
        # refuse them with a reason and the text is kept.
        if obj is None or request.method == "POST" or not may_change_some:
            return may_change_some
        return bool(_offered_to(user_of(request), obj))

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.publish_update")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.withdraw_update")

    def may_edit_content(self, request: HttpRequest, obj: Update | None = None) -> bool:
        """Return whether the form lets the text be edited.

        A post whose action saves the text counts as editable, because the status may have changed since its
        form was opened.
        """
        actions = _offered_to(user_of(request), obj)
        return not WRITES.isdisjoint(actions) or request.POST.get("action") in WRITES

    # Saving

    def save_by_verb(
        self, request: HttpRequest, form: Any, rows: dict[str, list[dict[str, Any]]], *, change: bool
    ) -> Update:
        fields, update = form.cleaned_data, form.saved
        action = Action(fields["action"])
        blog = update.blog if update else fields["blog"]
        content = form.content(rows) if "body" in fields else None
        if action == Action.WITHDRAW and update and content and _is_rewritten(content, update):
            self.message_user(
                request,
                _("It was withdrawn as readers saw it; your changes to its text were not saved."),
                messages.WARNING,
            )
        return publishing.perform(
            action,
            blog,
            by=user_of(request),
            update=update,
            note=fields.get("note", ""),
            publish_at=fields.get("publish_at"),
            seen=fields.get("seen", ""),
            content=content or as_saved,
        )

    # List actions

    @admin.action(description=gettext_lazy("Publish"), permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Update]) -> object:
        rows, consequence = (
            queryset.order_by("happened_at", "pk"),
            _("Readers will see each of them at once."),
        )
        return confirm_each(self, request, rows, _publish, _("Published"), consequence)

    @admin.action(description=gettext_lazy("Withdraw …"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Update]) -> object:
        return withdraw_with_reason(self, request, queryset)

    @admin.action(description=gettext_lazy("Pin to the top of the live blog"), permissions=["publish"])
    def pin(self, request: HttpRequest, queryset: QuerySet[Update]) -> None:
        do_each(self, request, queryset, publishing.pin_update, _("Pinned"))

    @admin.action(description=gettext_lazy("Unpin"), permissions=["publish"])
    def unpin(self, request: HttpRequest, queryset: QuerySet[Update]) -> None:
        do_each(self, request, queryset, publishing.unpin_update, _("Unpinned"))

    @admin.action(description=gettext_lazy("Mark as key event"), permissions=["publish"])
    def mark_key(self, request: HttpRequest, queryset: QuerySet[Update]) -> None:
        do_each(self, request, queryset, publishing.mark_key_event, _("Marked as key event"))

    @admin.action(description=gettext_lazy("No longer a key event"), permissions=["publish"])
    def unmark_key(self, request: HttpRequest, queryset: QuerySet[Update]) -> None:
        do_each(self, request, queryset, publishing.unmark_key_event, _("No longer a key event"))


def _is_rewritten(content: Content, update: Update) -> bool:
    return content.checked(update.blog.language, may_be_empty=True) != Content.of(update)


def _publish(update: Update, *, by: User) -> Update:
    """Publish an update as the list action read it."""
    seen = fingerprint(Content.of(update))
    return publishing.perform(Action.PUBLISH, update.blog, by=by, update=update, seen=seen)


_CHANGING: Final = ("change", "publish", "withdraw")
