"""App configs, and the checks that do not concern live blogs."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.checks import Tags, register

from newsroom import error_reports
from newsroom.checks import check_file_modes


class NewsroomAdminConfig(AdminConfig):
    default_site = "newsroom.admin_site.NewsroomSite"


class NewsroomStaticFilesConfig(StaticFilesConfig):
    # The API's documentation uses Swagger UI. Redoc comes in the same package and takes a third of the space.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc"]


class NewsroomConfig(AppConfig):
    name = "newsroom"

    def ready(self) -> None:
        error_reports.start()
        register(check_file_modes, Tags.security, deploy=True)
