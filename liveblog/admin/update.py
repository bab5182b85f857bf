"""Updates in the admin: one form, whose action says which verb saving is; and the verbs for many at once."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from liveblog import publishing
from liveblog.admin.bulk import do_each, withdraw_with_reason
from liveblog.admin.fields import ActionField
from liveblog.admin.filters import BlogFilter
from liveblog.admin.inlines import RowInline, StoryInline, stories_of
from liveblog.admin.pictures import preview
from liveblog.admin.saving import VerbAdmin, VerbForm
from liveblog.models import Revision, Update, UpdateImage
from liveblog.publishing import Content, fingerprint, refuse_future
from newsroom import hongkong, html, languages
from newsroom.rich_text import RichTextWidget


class Action(models.TextChoices):
    """What saving an update does."""

    DRAFT = "draft", gettext_lazy("Save as a draft")
    SUBMIT = "submit", gettext_lazy("Submit for review")
    PUBLISH = "publish", gettext_lazy("Publish now")
    SCHEDULE = "schedule", gettext_lazy("Schedule")
    EDIT = "edit", gettext_lazy("Save as a minor edit")
    CORRECT = "correct", gettext_lazy("Save as a correction")
    WITHDRAW = "withdraw", gettext_lazy("Withdraw")
    RESTORE = "restore", gettext_lazy("Restore")


REVISIONS_SHOWN: Final = 50
REWRITES: Final = frozenset(
    {Action.DRAFT, Action.SUBMIT, Action.PUBLISH, Action.SCHEDULE, Action.EDIT, Action.CORRECT}
)
# What saving does unless another action is chosen: it leaves the update in the state that it is in.
_AS_IT_IS: Final = {
    Update.Status.DRAFT: Action.DRAFT,
    Update.Status.SUBMITTED: Action.SUBMIT,
    Update.Status.SCHEDULED: Action.SCHEDULE,
    Update.Status.PUBLISHED: Action.EDIT,
}


def is_own(user: AbstractBaseUser, update: Update | None) -> bool:
    """Whether `user` wrote it, or is to write it: reporters rewrite what is their own."""
    return update is None or update.is_by(user)


def actions_for(user: AbstractBaseUser, update: Update | None) -> list[Action]:
    """What `user` may do with `update` (None: a new one) in the state that it is in."""
    may = {
        name for name in ("add", "change", "publish", "withdraw") if user.has_perm(f"liveblog.{name}_update")
    }
    if update is not None and not publishing.is_in_team(user, update.blog):
        return []
    if update is not None and update.is_withdrawn:
        return [Action.RESTORE] if "withdraw" in may and not update.is_erased else []
    actions = []
    if update is not None and update.is_published:
        if "publish" in may:
            actions += [Action.EDIT, Action.CORRECT]
        if "withdraw" in may:
            actions.append(Action.WITHDRAW)
        return actions
    is_scheduled = update is not None and update.status == Update.Status.SCHEDULED
    may_write = ("add" if is_own(user, update) else "change") in may
    if may_write and ("publish" in may or not is_scheduled):
        actions.append(Action.DRAFT)
        if "add" in may:
            actions.append(Action.SUBMIT)
    if "publish" in may:
        actions += [Action.PUBLISH, Action.SCHEDULE]
    return actions


class UpdateForm(VerbForm):
    action = ActionField(label=gettext_lazy("Action"), known=Action.values)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Of a correction: what was wrong; readers see it. Of a withdrawal: why; they do not."
        ),
    )
    # Which content this form was opened on.
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
            actions = actions_for(self.user, self.saved)
            self.fields["action"].choices = [(action.value, action.label) for action in actions]
            as_it_is = _AS_IT_IS.get(self.instance.status)
            self.initial["action"] = as_it_is if as_it_is in actions else next(iter(actions), None)
        if self.saved:
            self.initial["seen"] = fingerprint(Content.of(self.saved))
            self.initial["happened_at"] = self.saved.given_time
            self.initial["body"] = languages.untagged(self.saved.body)
        if "happened_at" in self.fields:
            field = self.fields["happened_at"]
            field.required = field.widget.is_required = False
            field.help_text = _("Hong Kong time. Empty means the moment when it goes live.")

    def clean_body(self) -> str:
        return html.from_typed(self.cleaned_data["body"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        action, note = cleaned.get("action"), cleaned.get("note")
        if action == Action.CORRECT and not note:
            self.add_error("note", _("Say what is corrected. Readers see this."))
        elif action == Action.EDIT and note:
            self.add_error("note", _("A minor edit has no note. Save it as a correction, or empty the note."))
        elif action == Action.SCHEDULE and not cleaned.get("publish_at") and "publish_at" not in self.errors:
            self.add_error("publish_at", _("Say when it goes live."))
        if action in REWRITES:
            self._check_time(action)
            if self.saved:
                self.refuse_if_stale(cleaned.get("seen", ""), Content.of(self.saved))
        return cleaned

    def _check_time(self, action: str) -> None:
        happened_at, publish_at = self.cleaned_data.get("happened_at"), self.cleaned_data.get("publish_at")
        is_moved = "happened_at" in self.changed_data
        if action == Action.PUBLISH or (action in (Action.EDIT, Action.CORRECT) and is_moved):
            try:
                refuse_future(happened_at)
            except ValidationError as refusal:
                self.add_error(None, refusal)
        elif action == Action.SCHEDULE and happened_at and publish_at and happened_at > publish_at:
            self.add_error("happened_at", _("This time is later than the moment when the update goes live."))

    def content(self, rows: dict[str, list[dict[str, Any]]]) -> Content:
        said = self.cleaned_data
        return Content(
            heading=said["heading"],
            body=said["body"],
            happened_at=said["happened_at"],
            has_clock_time=said["has_clock_time"],
            is_key_event=said["is_key_event"],
            byline=said["byline"],
            source=said["source"],
            verification=said["verification"],
            edition_wording=said["edition_wording"],
            stories=stories_of(rows["relatedstory"]),
            images=tuple(row["image"] for row in rows["updateimage"]),
        )


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
    """How the update was published, changed and withdrawn: to be read only."""

    model = Revision
    fields = ["number", "kind", "note", "by", "at"]
    readonly_fields = fields
    ordering = ["-pk"]
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("history")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """The newest ones: the whole history is paged, on the desk and in the list of revisions."""
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
class UpdateAdmin(VerbAdmin):
    form = UpdateForm
    list_display = ["happened", "title", "marks", "state", "blog", "byline", "number"]
    list_display_links = ["title"]
    list_select_related = ["blog", "byline"]
    list_filter = [
        "status",
        "is_key_event",
        "verification",
        BlogFilter,
        "blog__language",
        ("blog__topics", admin.RelatedOnlyFieldListFilter),
    ]
    list_per_page = 50
    search_fields = ["heading", "body", "source", "byline__name", "blog__headline", "blog__kicker"]
    search_help_text = gettext_lazy("Heading, text, source, byline or live blog")
    date_hierarchy = "happened_at"
    autocomplete_fields = ["blog", "byline"]
    radio_fields = {"verification": admin.HORIZONTAL}
    inlines = [UpdateStoryInline, UpdateImageInline, RevisionInline]
    actions = ["publish", "withdraw", "pin", "unpin", "mark_key", "unmark_key"]

    _content = [
        "heading",
        "body",
        "happened_at",
        "has_clock_time",
        "is_key_event",
        "byline",
        "source",
        "verification",
        "edition_wording",
    ]
    _state = ["status", "number", "first_published_at", "modified_at", "withdrawn_at", "created_by"]

    # What the page shows

    def get_fieldsets(self, request: HttpRequest, obj: Update | None = None) -> list[tuple]:
        fieldsets = [
            (
                None,
                {"fields": ["blog", "heading", "body", ("happened_at", "has_clock_time"), "is_key_event"]},
            ),
            (_("Where it comes from"), {"fields": ["byline", ("source", "verification")]}),
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
        return ["blog", *self._state, *([] if self.may_edit_content(request, obj) else self._content)]

    def get_inlines(self, request: HttpRequest, obj: Update | None) -> list[type]:
        return self.inlines if obj else [UpdateStoryInline, UpdateImageInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Update]:
        return super().get_queryset(request).select_related("blog", "byline")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> object:
        update = options.get("obj")
        if update and request.method == "GET" and not publishing.is_in_team(request.user, update.blog):
            said = _("You are not in the team of this live blog.")
            self.message_user(request, said, messages.WARNING)
        return super().render_change_form(request, context, **options)

    def view_on_site(self, update: Update) -> str | None:
        return update.get_absolute_url() if update.is_visible and update.blog.is_public else None

    @admin.display(description=gettext_lazy("time of the event"), ordering="happened_at")
    def happened(self, update: Update) -> str:
        day = hongkong.day_label(update.happened_on, get_language(), with_year=True)
        return f"{day} {hongkong.clock_label(update.happened_at)}" if update.has_clock_time else day

    @admin.display(description=gettext_lazy("heading"), ordering="heading")
    def title(self, update: Update) -> str:
        return update.title or str(update)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, update: Update) -> str:
        if update.status == Update.Status.SCHEDULED:
            at = hongkong.to_hong_kong(update.publish_at)
            return f"{update.get_status_display()} {at:%Y-%m-%d %H:%M}"
        return update.get_status_display()

    @admin.display(description=gettext_lazy("key, pinned"), ordering="is_key_event")
    def marks(self, update: Update) -> str:
        marks = {_("Key event"): update.is_key_event, _("Pinned"): update.is_pinned}
        return " · ".join(mark for mark, is_set in marks.items() if is_set)

    # Who may do what

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(actions_for(request.user, None))

    def has_change_permission(self, request: HttpRequest, obj: Update | None = None) -> bool:
        may_change_some = any(request.user.has_perm(f"liveblog.{name}_update") for name in _CHANGING)
        if obj is not None and is_own(request.user, obj):
            may_change_some = may_change_some or request.user.has_perm("liveblog.add_update")
        # What is sent may have been opened in another state: the verb answers it, and the text is kept.
        if obj is None or request.method == "POST" or not may_change_some:
            return may_change_some
        return bool(actions_for(request.user, obj))

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.publish_update")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.withdraw_update")

    def may_edit_content(self, request: HttpRequest, obj: Update | None = None) -> bool:
        """Whether the form lets the text be edited; what is sent, it treats as when the form was opened."""
        actions = actions_for(request.user, obj)
        return not REWRITES.isdisjoint(actions) or request.POST.get("action") in REWRITES

    # Saving

    def save_by_verb(
        self, request: HttpRequest, form: UpdateForm, rows: dict[str, list[dict[str, Any]]], *, change: bool
    ) -> Update:
        said = form.cleaned_data
        by, action, update = request.user, said["action"], form.saved
        if action == Action.WITHDRAW:
            if "body" in said and _is_rewritten(form.content(rows), update):
                self.message_user(
                    request,
                    _("It was withdrawn as readers saw it; your changes to its text were not saved."),
                    messages.WARNING,
                )
            return publishing.withdraw_update(update, by=by, reason=said.get("note", ""))
        if action == Action.RESTORE:
            return publishing.restore_update(update, by=by)
        blog = update.blog if update else said["blog"]
        content = form.content(rows)
        if action == Action.PUBLISH:
            return publishing.publish_update(blog, content, by=by, update=update)
        if action == Action.SCHEDULE:
            return publishing.schedule_update(blog, content, said["publish_at"], by=by, update=update)
        if action in (Action.EDIT, Action.CORRECT):
            return publishing.correct_update(update, content, by=by, note=said.get("note", ""))
        if action == Action.SUBMIT:
            # A new one must be there before it can be sent; neither takes a number.
            update = update or publishing.draft_update(blog, content, by=by)
            return publishing.submit_update(update, by=by, content=content)
        return publishing.draft_update(blog, content, by=by, update=update)

    # Many at once

    @admin.action(description=gettext_lazy("Publish"), permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Update]) -> None:
        do_each(
            self, request, queryset.order_by("happened_at", "pk"), publishing.publish_as_saved, _("Published")
        )

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


_CHANGING: Final = ("change", "publish", "withdraw")
