"""Read access in the admin: a live blog with a team is visible to that team only.

Lists, searches, counts, choices and pages all start from these querysets, so that nothing of another team's
live blog can be listed, searched or counted.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from liveblog import visibility
from liveblog.admin.fields import offered_rows
from liveblog.models import Image, LiveBlog, Update
from newsroom.sign_in import user_of

# Names of fields, as the admin's methods return them: names in an inner list share a line of the form.
FieldNames = list[str | list[str] | tuple[str, ...] | tuple[()]]
# Fields that link to another live blog, which may be any public one, whatever its team.
LINKS: Final = frozenset({"live_blog", "successor"})


class TeamFields(BaseModelAdmin):
    """Mixin for model admins and inlines whose relations offer only rows that the user may read."""

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **options: Any
    ) -> forms.ModelChoiceField | None:
        choices = choices_of(user_of(request), db_field)
        options |= {} if choices is None else {"queryset": choices}
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField, request: HttpRequest, **options: Any
    ) -> forms.ModelMultipleChoiceField | None:
        choices = choices_of(user_of(request), db_field)
        options |= {} if choices is None else {"queryset": choices}
        return super().formfield_for_manytomany(db_field, request, **options)


class TeamAdmin(TeamFields, admin.ModelAdmin):
    """Admin for models whose rows belong to live blogs, limited to rows that the user may read."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return visibility.limited(user_of(request), super().get_queryset(request))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model | None:
        """Return the row, or raise PermissionDenied if it exists and the user may not read it.

        The error explains why a link from a colleague does not open. Ids cannot be guessed, so it does not
        help anybody to find out which rows exist.
        """
        row = super().get_object(request, object_id, from_field)
        if row is None and self._exists(object_id):
            raise PermissionDenied(_("You are not in the team of this live blog."))
        return row

    def _exists(self, object_id: str) -> bool:
        try:
            pk = self.opts.pk.to_python(object_id)
            return bool(self.model._base_manager.filter(pk=pk).exists())
        except forms.ValidationError:
            return False


def choices_of(user: User, field: models.ForeignKey | models.ManyToManyField) -> QuerySet[Any] | None:
    """Return the rows that a relation may offer; None (all rows) for a model unrelated to live blogs."""
    model = field.remote_field.model
    if model is LiveBlog:
        return visibility.linkable(user) if field.name in LINKS else visibility.readable(user)
    if model in (Update, Image):
        rows: QuerySet[Any] = model._default_manager.all()
        return visibility.limited(user, rows)
    return None


def is_choosing_link(request: HttpRequest) -> bool:
    """Return whether this is an autocomplete request for a field that links to another live blog."""
    is_autocomplete = request.resolver_match is not None and request.resolver_match.url_name == "autocomplete"
    return is_autocomplete and request.GET.get("field_name") in LINKS


def is_linkable(user: User, link: str) -> Exists:
    """Return an annotation that tells whether `user` may be shown the title of the live blog at `link`."""
    return Exists(visibility.linkable(user).filter(pk=OuterRef(link)))


def keep_hidden_links(form: forms.ModelForm, cleaned: dict[str, Any]) -> None:
    """Keep a link that the form could not show, since a user who did not see it did not remove it."""
    for name in LINKS & form.fields.keys():
        saved = getattr(form.instance, f"{name}_id")
        if saved is None or cleaned.get(name) or cleaned.get("url"):
            continue
        if not offered_rows(form, name).filter(pk=saved).exists():
            cleaned[name] = getattr(form.instance, name)


def view_on_site(request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
    """Redirect to a row's public page.

    Django's own view would reveal the address of a hidden live blog to anyone.
    """
    content_type = ContentType.objects.filter(pk=content_type_id).first()
    model = content_type.model_class() if content_type else None
    model_admin = admin.site._registry.get(model) if model else None
    if model_admin is None:
        raise Http404
    row = model_admin.get_object(request, object_id)
    if row is None or not model_admin.has_view_or_change_permission(request, row):
        raise Http404
    return shortcut(request, content_type_id, object_id)
