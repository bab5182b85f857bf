"""The app configs of the admin and of the project, with the checks that do not concern live blogs."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register

from newsroom import error_reports
from newsroom.checks import check_file_modes


class NewsroomAdminConfig(AdminConfig):
    default_site = "newsroom.admin_site.NewsroomSite"


class NewsroomConfig(AppConfig):
    name = "newsroom"

    def ready(self) -> None:
        error_reports.start()
        register(check_file_modes, Tags.security, deploy=True)
