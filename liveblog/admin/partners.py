"""Partners and their keys in the admin. A key is shown once, in the response that creates it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveblog import publishing, visibility
from liveblog.admin.reading import FieldNames, TeamFields
from liveblog.admin.saving import AdminRequest, PlainAdmin, VerbAdmin, VerbForm
from liveblog.models import ApiKey, LiveBlog, Partner, Scope
from liveblog.publishing.limits import refuse_many
from newsroom.access.confirmation import ConfirmedAdmin
from newsroom.sign_in import user_of

# Hours for which the old key keeps working alongside the new one.
OVERLAPS: Final = {
    "0": gettext_lazy("Not at all: it has leaked"),
    "1": gettext_lazy("One hour"),
    "24": gettext_lazy("One day"),
    "168": gettext_lazy("One week"),
}


class PartnerForm(forms.ModelForm):
    def clean_granted_blogs(self) -> QuerySet[LiveBlog]:
        blogs: QuerySet[LiveBlog] = self.cleaned_data["granted_blogs"]
        try:
            refuse_many(granted_blogs=blogs)
        except ValidationError as refusal:
            raise ValidationError(refusal.messages) from refusal
        return blogs


@admin.register(Partner)
class PartnerAdmin(TeamFields, PlainAdmin):
    """Admin for partners. Readers see nothing of a partner, so saving one needs no verb."""

    form = PartnerForm
    list_display = ["name", "contact", "is_active", "usable_keys", "grants", "last_used"]
    list_filter = ["is_active"]
    search_fields = ["name", "contact", "embed_origins"]
    search_help_text = gettext_lazy("Name, contact or a site that frames embeds")
    ordering = ["name", "pk"]
    filter_horizontal = ["granted_blogs"]
    readonly_fields = ["shown_grants", "keys_link"]

    def get_fields(self, request: HttpRequest, obj: Partner | None = None) -> FieldNames:
        is_form = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        grants = "granted_blogs" if is_form else "shown_grants"
        return ["name", "contact", "is_active", grants, "embed_origins", "keys_link"]

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list, change: bool) -> None:
        """Save the grants, keeping existing ones for live blogs that the form could not show."""
        partner = form.instance
        hidden_blogs = list(
            partner.granted_blogs.exclude(pk__in=visibility.readable(user_of(request)).values("pk"))
        )
        super().save_related(request, form, formsets, change)
        partner.granted_blogs.add(*hidden_blogs)

    @admin.display(description=gettext_lazy("granted live blogs"))
    def shown_grants(self, partner: Partner) -> str:
        return ", ".join(map(str, getattr(partner, "readable_grants", [])))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        usable = Q(keys__in=ApiKey.objects.usable())
        readable = visibility.readable(user_of(request))
        rows: QuerySet[Partner] = (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("granted_blogs", queryset=readable, to_attr="readable_grants"))
            .annotate(
                usable_count=Count("keys", filter=usable, distinct=True),
                grant_count=Count("granted_blogs", filter=Q(granted_blogs__in=readable), distinct=True),
                keys_used_at=Max("keys__last_used_at"),
            )
        )
        return rows

    def has_delete_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        """Return False: a partner is deactivated instead, so that its name stays on what it wrote."""
        return False

    @admin.display(description=gettext_lazy("active keys"), ordering="usable_count")
    def usable_keys(self, partner: Partner) -> str:
        return _link_to_keys(partner, str(partner.usable_count))

    @admin.display(description=gettext_lazy("granted live blogs"), ordering="grant_count")
    def grants(self, partner: Partner) -> int:
        return partner.grant_count

    @admin.display(description=gettext_lazy("last used"), ordering="keys_used_at")
    def last_used(self, partner: Partner) -> Any:
        return partner.keys_used_at

    @admin.display(description=gettext_lazy("API keys"))
    def keys_link(self, partner: Partner) -> str:
        if partner.pk is None:
            return _("Save the partner first.")
        add = reverse("admin:liveblog_apikey_add")
        return format_html(
            '{} · <a href="{}?partner={}">{}</a>',
            _link_to_keys(partner, _("List")),
            add,
            partner.pk,
            _("Add"),
        )


def _link_to_keys(partner: Partner, text: str) -> str:
    list_url = reverse("admin:liveblog_apikey_changelist")
    return format_html('<a href="{}?partner__id__exact={}">{}</a>', list_url, partner.pk, text)


class StateFilter(admin.SimpleListFilter):
    """Filter by whether a key works, has expired or was revoked."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("usable", _("Works")), ("expired", _("Expired")), ("revoked", _("Revoked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        match self.value():
            case "usable":
                return queryset.filter(pk__in=ApiKey.objects.usable())
            case "expired":
                return queryset.filter(revoked_at__isnull=True, expires_at__lte=timezone.now())
            case "revoked":
                return queryset.filter(revoked_at__isnull=False)
        return queryset


class ScopeFilter(admin.SimpleListFilter):
    title = gettext_lazy("scope")
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(scope.value, scope.label) for scope in Scope]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        if self.value() not in Scope.values:
            return queryset
        # Search the list as text, because SQLite has no containment lookup for JSON.
        keys = queryset.annotate(scope_list=Cast("scopes", TextField()))
        return keys.filter(scope_list__contains=f'"{self.value()}"')


class KeyForm(VerbForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Reading under embargo, and writing, also require the live blog to be granted."
        ),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk:
            self.initial["seen"] = publishing.key_fingerprint(self.instance)


class RotationForm(forms.Form):
    overlap = forms.ChoiceField(
        label=gettext_lazy("The old key keeps working"),
        choices=list(OVERLAPS.items()),
        initial="24",
        widget=forms.RadioSelect,
    )


@admin.register(ApiKey)
class ApiKeyAdmin(ConfirmedAdmin, VerbAdmin):
    form = KeyForm
    list_display = ["prefix", "label", "partner", "scope_names", "state", "expires_at", "last_used_at"]
    list_select_related = ["partner"]
    list_filter = [StateFilter, ScopeFilter, ("partner", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["prefix", "label", "partner__name"]
    search_help_text = gettext_lazy("Start of the key, label or partner")
    ordering = ["-created_at", "-pk"]
    autocomplete_fields = ["partner"]
    change_form_template = "admin/liveblog/apikey/change_form.html"

    _state = ["prefix", "state", "revoked_at", "last_used_at", "created_at", "created_by"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> FieldNames:
        fields: FieldNames = ["partner", "label", "scopes", "expires_at"]
        return [*fields, "seen", *self._state] if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        return ["partner", *self._state] if obj else []

    def get_pages(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/rotate/", view(self.rotate), name="liveblog_apikey_rotate"),
            path("<int:pk>/revoke/", view(self.revoke), name="liveblog_apikey_revoke"),
        ]

    @admin.display(description=gettext_lazy("scopes"))
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return _("Revoked")
        if key.is_usable:
            return _("Works")
        return _("Expired") if key.partner.is_active else _("Its partner is not active")

    # Creating and changing

    def save_by_verb(self, request: HttpRequest, form: Any, rows: dict[str, Any], *, change: bool) -> ApiKey:
        if change:
            return publishing.edit_key(form.instance, by=user_of(request), **form.cleaned_data)
        details = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
        key, cast(AdminRequest, request).shown_key = publishing.create_key(by=user_of(request), **details)
        return key

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        """Show the key only in this response: it has no URL, and nothing stores it, not even a cache."""
        return self._shown(request, obj, cast(AdminRequest, request).shown_key)

    def _shown(self, request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
        context = {"title": _("The new key"), "key": key, "shown": secret}
        return self._page(request, "shown", context)

    # Rotating and revoking

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Replace this key with a new one. The old key keeps working for the chosen overlap."""
        key = self._find(request, pk)
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RotationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            overlap = timedelta(hours=int(form.cleaned_data["overlap"]))
            try:
                new_key, secret = publishing.rotate_key(key, by=user_of(request), overlap=overlap)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self.log_change(request, key, _("Rotated; the new key begins with %s") % new_key.prefix)
                self.log_addition(request, new_key, _("Replaces %s") % key.prefix)
                return self._shown(request, new_key, secret)
        return self._page(request, "rotate", {"title": _("Rotate the key"), "key": key, "form": form})

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = self._find(request, pk)
        if request.method == "POST":
            publishing.revoke_key(key, by=user_of(request))
            self.log_change(request, key, _("Revoked"))
            self.message_user(request, _("The key %s no longer works.") % key, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:liveblog_apikey_changelist"))
        return self._page(request, "revoke", {"title": _("Revoke the key"), "key": key})

    def _find(self, request: HttpRequest, pk: int) -> ApiKey:
        key = ApiKey.objects.select_related("partner").filter(pk=pk).first()
        if key is None:
            raise Http404
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        return key

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/liveblog/apikey/{name}.html", context)
