"""Webhooks in the admin: their addresses, state and deliveries. A secret is shown once."""

from __future__ import annotations

import json
from typing import Any, Final, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveblog import publishing, visibility
from liveblog.admin.bulk import do_each
from liveblog.admin.fields import ActionField, choice_field, offered_rows, row_field
from liveblog.admin.filters import BlogFilter
from liveblog.admin.history import ReadOnlyAdmin
from liveblog.admin.saving import AdminRequest, VerbAdmin, VerbForm
from liveblog.models import Change, Delivery, LiveBlog, Webhook, WebhookCursor
from liveblog.models.partner import WebhookQuerySet
from newsroom.access.confirmation import ConfirmedAdmin
from newsroom.sign_in import user_of


class Action(models.TextChoices):
    """Actions that saving a webhook can perform."""

    SAVE = "save", gettext_lazy("Save changes")
    TEST = "test", gettext_lazy("Send a test event")
    REPLAY = "replay", gettext_lazy("Send a live blog's changes again")
    ROTATE = "rotate", gettext_lazy("Make a new secret; the old one stays valid for one more day")
    DISABLE = "disable", gettext_lazy("Switch off")
    ENABLE = "enable", gettext_lazy("Switch on again and send what was missed")


_VERBS: Final = {
    Action.TEST: publishing.send_test,
    Action.ROTATE: publishing.rotate_secret,
    Action.DISABLE: publishing.disable_webhook,
    Action.ENABLE: publishing.enable_webhook,
}
_DONE: Final = {
    Action.TEST.value: gettext_lazy("A test event is on its way: see the deliveries."),
    Action.REPLAY.value: gettext_lazy("The changes are on their way: see the deliveries."),
    Action.DISABLE.value: gettext_lazy(
        "Nothing is sent while it is off. What happens in the meantime is sent once it is on again."
    ),
    Action.ENABLE.value: gettext_lazy("What was missed is on its way: see the deliveries."),
}


class WebhookForm(VerbForm):
    action = ActionField(label=gettext_lazy("Action"), known=Action.values)
    replay_blog = forms.ModelChoiceField(
        LiveBlog.objects.all(),
        label=gettext_lazy("Live blog to send again"),
        to_field_name="slug",
        required=False,
        widget=forms.TextInput({"class": "vTextField"}),
        help_text=gettext_lazy("As in its page's address, for example typhoon-2026."),
        error_messages={"invalid_choice": gettext_lazy("There is no live blog at this address.")},
    )
    replay_since = forms.IntegerField(
        label=gettext_lazy("Everything after number"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("0 sends everything."),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk is None:
            # A new webhook can only be saved.
            for name in ("action", "replay_blog", "replay_since"):
                del self.fields[name]
        else:
            row_field(self, "replay_blog").queryset = visibility.readable(self.user)
            # Live blogs that the form cannot show must not count as changed.
            if "blogs" in self.fields:
                choices = offered_rows(self, "blogs")
                self.initial["blogs"] = list(choices.filter(webhooks=self.instance))
            unfit = Action.DISABLE if self.instance.disabled_at else Action.ENABLE
            choice_field(self, "action").choices = [
                (action.value, action.label) for action in Action if action != unfit
            ]
            self.initial["action"] = Action.SAVE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        action = cleaned.get("action")
        if action == Action.REPLAY:
            for name in ("replay_blog", "replay_since"):
                if name not in self.errors and cleaned.get(name) is None:
                    self.add_error(name, _("Enter the number to start after."))
        elif action and action != Action.SAVE and {"url", "edition", "blogs"} & set(self.changed_data):
            self.add_error("action", _("You have unsaved changes to the webhook. Save them first."))
        return cleaned


class StateFilter(admin.SimpleListFilter):
    """Filter by whether a webhook works, fails or is switched off."""

    title = gettext_lazy("delivery state")
    parameter_name = "fares"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("well", _("Well")), ("failing", _("It fails")), ("off", _("Switched off"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> QuerySet[Webhook]:
        assert isinstance(queryset, WebhookQuerySet)
        match self.value():
            case "well":
                return queryset.enabled().filter(failing_since_at__isnull=True)
            case "failing":
                return queryset.failing()
            case "off":
                return queryset.filter(disabled_at__isnull=False)
        return queryset


@admin.register(Webhook)
class WebhookAdmin(ConfirmedAdmin, VerbAdmin):
    form = WebhookForm
    list_display = ["url", "partner", "fares", "edition", "failing_since_at", "disabled_at"]
    list_filter = [StateFilter, ("partner", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["partner"]
    search_fields = ["url", "partner__name"]
    search_help_text = gettext_lazy("Address or partner")
    ordering = ["partner__name", "pk"]
    autocomplete_fields = ["blogs"]

    _detail_names = ["url", "edition", "blogs"]
    _state = [
        "shown_blogs",
        "fares",
        "failing_since_at",
        "warned_at",
        "disabled_at",
        "disabled_because",
        "deliveries_link",
        "places_link",
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Webhook | None = None) -> list[tuple]:
        is_form = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        blogs = "blogs" if is_form else "shown_blogs"
        fieldsets: list[tuple] = [(None, {"fields": ["partner", "url", "edition", blogs]})]
        if obj and self.has_change_permission(request, obj):
            replay = {"fields": [("replay_blog", "replay_since")]}
            fieldsets += [(_("Save"), {"fields": ["action"]}), (_("Send again"), replay)]
        if obj:
            fieldsets.append((_("State"), {"fields": self._state[1:]}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> list[str]:
        return ["partner", *self._state] if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        readable = Prefetch("blogs", queryset=visibility.readable(user_of(request)), to_attr="readable_blogs")
        return super().get_queryset(request).select_related("partner").prefetch_related(readable)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse lookups on secrets: prefix lookups could reveal them one character at a time."""
        is_secret = lookup.startswith(("secret", "previous_secret"))
        return not is_secret and super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("only these live blogs"))
    def shown_blogs(self, webhook: Webhook) -> str:
        return ", ".join(map(str, webhook.readable_blogs))

    @admin.display(description=gettext_lazy("delivery state"))
    def fares(self, webhook: Webhook) -> str:
        if not webhook.is_enabled:
            return _("Switched off: %(because)s") % {"because": webhook.disabled_because}
        if not webhook.partner.is_active:
            return _("The partner is not active")
        return _("It fails") if webhook.failing_since_at else _("Well")

    @admin.display(description=gettext_lazy("deliveries"))
    def deliveries_link(self, webhook: Webhook) -> str:
        return _link("delivery", {"webhook__id__exact": webhook.pk})

    @admin.display(description=gettext_lazy("progress"))
    def places_link(self, webhook: Webhook) -> str:
        return _link("webhookcursor", {"webhook__id__exact": webhook.pk})

    def save_by_verb(self, request: HttpRequest, form: Any, rows: dict[str, Any], *, change: bool) -> Webhook:
        cleaned, by = form.cleaned_data, user_of(request)
        details = {name: cleaned[name] for name in self._detail_names if name in cleaned}
        if not change:
            new_webhook = publishing.add_webhook(cleaned["partner"], by=by, **details)
            cast(AdminRequest, request).secret_of = new_webhook
            return new_webhook
        action = cleaned["action"]
        webhook: Webhook = form.instance
        if action == Action.SAVE:
            hidden = webhook.blogs.exclude(pk__in=visibility.readable(by).values("pk"))
            details["blogs"] = [*details["blogs"], *hidden]
            return publishing.edit_webhook(webhook, by=by, **details)
        if action == Action.REPLAY:
            publishing.replay_since(webhook, cleaned["replay_blog"], cleaned["replay_since"], by=by)
            return webhook
        result = _VERBS[action](webhook, by=by)
        if action == Action.ROTATE:
            assert isinstance(result, Webhook)
            cast(AdminRequest, request).secret_of = result
        return webhook

    # The secret is shown in the response itself, because a message would put it in a cookie.

    def response_add(
        self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show_secret(request, cast(AdminRequest, request).secret_of)

    def response_change(self, request: HttpRequest, obj: Webhook) -> HttpResponse:
        if webhook := getattr(request, "secret_of", None):
            return self._show_secret(request, webhook)
        if message := _DONE.get(request.POST.get("action", "")):
            self.message_user(request, message, messages.SUCCESS)
            return self.response_post_save_change(request, obj)
        return super().response_change(request, obj)

    def _show_secret(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The webhook's secret"),
            "opts": self.opts,
            "webhook": webhook,
        }
        # The admin's form views already forbid caching.
        return TemplateResponse(request, "admin/liveblog/webhook/secret.html", context)


@admin.register(WebhookCursor)
class WebhookCursorAdmin(ReadOnlyAdmin):
    """Admin for the progress of each webhook in each live blog."""

    list_display = ["webhook", "blog", "number", "behind", "attempts", "failing_since_at", "next_attempt_at"]
    list_display_links = None
    list_select_related = ["webhook", "blog"]
    list_filter = [BlogFilter, ("webhook", admin.RelatedOnlyFieldListFilter)]
    ordering = [F("failing_since_at").asc(nulls_last=True), "-blog", "webhook"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookCursor]:
        pending = Change.objects.filter(blog=OuterRef("blog"), number__gt=OuterRef("number")).order_by()
        counts = pending.values("blog").annotate(count=Count("pk")).values("count")
        rows: QuerySet[WebhookCursor] = super().get_queryset(request)
        # no-redef: the stubs' plugin expects that nothing declares the attribute.
        return rows.annotate(pending=Coalesce(Subquery(counts), 0))  # type: ignore[no-redef]

    @admin.display(description=gettext_lazy("pending"))
    def behind(self, cursor: WebhookCursor) -> int:
        return cursor.pending


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["at", "webhook", "of", "number", "attempt", "result", "milliseconds"]
    list_select_related = ["webhook", "blog"]
    list_filter = [
        "is_delivered",
        "status",
        BlogFilter,
        ("webhook", admin.RelatedOnlyFieldListFilter),
        ("webhook__partner", admin.RelatedOnlyFieldListFilter),
    ]
    list_per_page = 100
    date_hierarchy = "at"
    fields = ["webhook", "of", "number", "attempt", "at", "result", "milliseconds", "payload", "answered"]
    actions = ["resend"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows = super().get_queryset(request).select_related("webhook__partner", "blog")
        # Lists show neither field; the page of one delivery loads them on access.
        return rows.defer("body", "answer")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.change_webhook")

    @admin.display(description=gettext_lazy("live blog"), ordering="blog__headline")
    def of(self, delivery: Delivery) -> str:
        return str(delivery.blog or _("Test event"))

    @admin.display(description=gettext_lazy("result"), ordering="status")
    def result(self, delivery: Delivery) -> str:
        if delivery.asked_for_at:
            return _("On its way")
        if delivery.is_delivered:
            return _("Delivered (%(status)s)") % {"status": delivery.status}
        return delivery.error or _("Refused (%(status)s)") % {"status": delivery.status}

    @admin.display(description=gettext_lazy("payload"))
    def payload(self, delivery: Delivery) -> str:
        if not delivery.body:
            return _("Nothing of it is stored.")
        text = json.dumps(json.loads(delivery.body), ensure_ascii=False, indent=2)
        return format_html('<pre class="revision-content">{}</pre>', text)

    @admin.display(description=gettext_lazy("start of the response"))
    def answered(self, delivery: Delivery) -> str:
        return format_html('<pre class="revision-content">{}</pre>', delivery.answer)

    @admin.action(description=gettext_lazy("Send again with the current content"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        do_each(self, request, queryset.order_by("at", "pk"), publishing.resend, _("On their way"))


def _link(model: str, query: dict[str, Any]) -> str:
    address = reverse(f"admin:liveblog_{model}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(query), _("List"))
