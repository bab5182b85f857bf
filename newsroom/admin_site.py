"""The admin's site, whose models are grouped by subject instead of by app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


class Choices(AutocompleteJsonView):
    """Django's autocomplete view, refusing reverse relations, for which it would raise an error."""

    def process_request(self, request: HttpRequest) -> tuple[Any, ...]:
        names = (request.GET.get(name, "") for name in ("app_label", "model_name", "field_name"))
        if _is_reverse(*names):
            raise PermissionDenied
        request_parts: tuple[Any, ...] = super().process_request(request)
        return request_parts


def _is_reverse(app: str, model: str, name: str) -> bool:
    try:
        field = apps.get_model(app, model)._meta.get_field(name)
    except (LookupError, FieldDoesNotExist):
        return False
    return field.auto_created and not field.concrete


class NewsroomSite(AdminSite):
    """An AdminSite with groups of models: `(name, names of models)`. The last one also has all others."""

    groups: Sequence[tuple[Any, Sequence[str]]] = ()

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, Choices.as_view(admin_site=self)(request))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Return the groups with a model that the user may see, in the shape of Django's list of apps."""
        apps = super().get_app_list(request, app_label)
        if app_label or not self.groups:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = [
            {"name": name, "models": [models.pop(key) for key in names if key in models]}
            for name, names in self.groups
        ]
        groups[-1]["models"] += models.values()
        address = reverse("admin:index", current_app=self.name)
        return [
            group | {"app_label": f"group-{index}", "app_url": f"{address}#models", "has_module_perms": True}
            for index, group in enumerate(groups)
            if group["models"]
        ]
