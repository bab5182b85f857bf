from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveBlogConfig(AppConfig):
    name = "liveblog"
    verbose_name = _("Live coverage")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The receivers need models, which cannot be imported any earlier.
        import_module("liveblog.audit.receivers").connect()
