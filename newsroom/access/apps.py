"""The app config of access. It records every sign-in in its session."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "newsroom.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Access")

    def ready(self) -> None:
        # By its name, because models cannot be imported before all apps are loaded.
        begin = import_string("newsroom.access.sessions.begin")
        user_logged_in.connect(begin, dispatch_uid="newsroom.access.begin")
