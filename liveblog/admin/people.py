"""People in the admin: chief editors add colleagues and give them roles; only superusers can do more.

Django's own pages let anyone who may change users make anybody a superuser. Here a chief editor can give the
four roles of the house and nothing else, and cannot change an account that has more permissions than those
roles give, even if it is deactivated.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from liveblog.admin.saving import PlainAdmin
from newsroom.access import events, factors, initial_passwords, recovery
from newsroom.access.confirmation import ConfirmedAdmin
from newsroom.access.events import Event
from newsroom.sign_in import user_of

# The groups that migration 0006 creates, with the name and the duties that editors see.
ROLES: Final = {
    "Reporter": (_("Reporter"), _("writes drafts, submits them, uploads pictures")),
    "Editor": (_("Editor"), _("publishes, corrects, withdraws, pins, schedules, moderates responses")),
    "Chief editor": (_("Chief editor"), _("starts and ends live blogs, manages people and the glossary")),
    "Syndication manager": (_("Syndication manager"), _("manages partners, their keys and webhooks")),
}

# Django has registered its own pages for both models.
admin.site.unregister([User, Group])


def may_administer(user: User, person: User) -> bool:
    """Return whether `user`, who may change people, may change `person`.

    Read the permissions from the tables: has_perm() denies everything to a deactivated account, which would
    get all of its permissions back when reactivated.
    """
    if user.is_superuser:
        return True
    permissions = Permission.objects.filter(Q(user=person) | Q(group__user=person))
    role_permissions = Permission.objects.filter(group__name__in=ROLES)
    return not person.is_superuser and not permissions.exclude(pk__in=role_permissions.values("pk")).exists()


class RolesField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, role: Group) -> str:
        name, duties = ROLES[role.name]
        return _("%(role)s: %(duties)s") % {"role": name, "duties": duties}


@admin.register(User)
class PersonAdmin(ConfirmedAdmin, PlainAdmin, UserAdmin):
    list_display = ["username", "last_name", "first_name", "email", "roles", "is_active", "last_login"]
    list_filter = ["is_active", "groups"]
    change_form_template = "admin/auth/user/person_form.html"

    _person = ["first_name", "last_name", "email"]
    _dates = ["last_login", "date_joined"]

    # Page content

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list[tuple]:
        if obj is None:
            fields = ["username", *self._person, "usable_password", "password1", "password2", "groups"]
            return [(None, {"classes": ["wide"], "fields": fields})]
        if request.user.is_superuser:
            return list(super().get_fieldsets(request, obj))
        # Other people's passwords are set on a separate page. Users change their own on Django's page, which
        # asks for the old one.
        may_set_password = self.has_change_permission(request, obj) and obj != request.user
        account_fields = ["username", "password"] if may_set_password else ["username"]
        return [
            (None, {"fields": [*account_fields, *self._person]}),
            (_("Roles"), {"fields": ["is_active", "groups"]}),
            (_("Dates"), {"fields": self._dates}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        if obj is None or request.user.is_superuser:
            return []
        # Users must not give themselves a role or lock themselves out.
        return [*self._dates, "is_active", "groups"] if obj == request.user else self._dates

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField, request: HttpRequest, **options: Any
    ) -> forms.ModelMultipleChoiceField | None:
        if db_field.name == "groups" and not request.user.is_superuser:
            options |= {
                "queryset": Group.objects.filter(name__in=ROLES).order_by("pk"),
                "form_class": RolesField,
                "widget": forms.CheckboxSelectMultiple,
                "label": _("Roles"),
                "help_text": _("Without a role an account cannot sign in to the newsroom."),
            }
        return super().formfield_for_manytomany(db_field, request, **options)

    @admin.display(description=_("roles"))
    def roles(self, person: User) -> str:
        names = [group.name for group in person.groups.all()]
        return " · ".join(str(ROLES[name][0]) if name in ROLES else name for name in names)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        """Return the account, and lock its row while it is being saved.

        Saving writes the whole row. Without the lock it could undo a colleague's concurrent change, such as
        deactivating the account.
        """
        person = super().get_object(request, object_id, from_field)
        if person and request.method == "POST" and connection.in_atomic_block:
            User.objects.select_for_update().get(pk=person.pk)
            person.refresh_from_db()
        return person

    # Permissions

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may_change = super().has_change_permission(request, obj)
        return may_change and (obj is None or may_administer(user_of(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let only superusers delete; accounts are deactivated, so that what they wrote keeps its author."""
        return request.user.is_superuser

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if unquote(id) == str(request.user.pk):
            return HttpResponseRedirect(reverse("admin:password_change"))
        return super().user_change_password(request, id, form_url)

    # A lost second factor

    def get_pages(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reset_second_factor)
        return [path("<int:pk>/second-factor/", view, name="auth_user_reset_second_factor")]

    def reset_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = User.objects.filter(pk=pk).first()
        if person is None:
            raise Http404
        if not self.has_change_permission(request, person) or person == request.user:
            raise PermissionDenied
        if request.method == "POST":
            recovery.reset(person, by=user_of(request), request=request)
            self.log_change(request, person, gettext("Second factor reset"))
            self.message_user(
                request,
                gettext("%(name)s now signs in with the password alone.") % {"name": person},
                messages.SUCCESS,
            )
            return HttpResponseRedirect(reverse("admin:auth_user_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Reset the second factor"),
            "person": person,
            "has_factor": factors.has_any(person),
        }
        return TemplateResponse(request, "admin/auth/user/reset_second_factor.html", context)

    # Saving

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Log the addition, and mark the password as chosen for, not by, the new colleague."""
        if obj.has_usable_password():
            initial_passwords.mark(obj)
        events.announce(Event.ACCOUNT_ADDED, obj, by=user_of(request), request=request)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Log the change and notify the colleague. Django's password page calls this, too."""
        by = user_of(request)
        match = request.resolver_match
        if match and match.url_name == "auth_user_password_change":
            if obj.has_usable_password():
                initial_passwords.mark(obj)
            events.announce(Event.PASSWORD_SET, obj, by=by, request=request)
        elif match and match.url_name == "auth_user_change" and obj != by and message:
            events.announce(Event.ACCOUNT_CHANGED, obj, by=by, request=request)
        return super().log_change(request, obj, message)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list, change: bool) -> None:
        person = form.instance
        had_role = person.groups.filter(name__in=ROLES).exists()
        # A form that shows only the roles must not remove other groups.
        other_groups = [] if request.user.is_superuser else list(person.groups.exclude(name__in=ROLES))
        super().save_related(request, form, formsets, change)
        person.groups.add(*other_groups)
        has_role = person.groups.filter(name__in=ROLES).exists()
        # An account with a role may sign in; one that loses its last role may not.
        if has_role or had_role:
            person.is_staff = has_role or person.is_superuser
            person.save(update_fields=["is_staff"])


@admin.register(Group)
class RoleAdmin(ConfirmedAdmin, PlainAdmin, GroupAdmin):
    """Admin for roles, for superusers only, because a role could be given any permission."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser
