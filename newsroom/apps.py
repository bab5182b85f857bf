"""The app configs: of the project, with the system checks that do not concern live blogs, and of its admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register

from newsroom.checks import check_file_modes


class NewsroomAdminConfig(AdminConfig):
    default_site = "newsroom.admin_site.NewsroomSite"


class NewsroomConfig(AppConfig):
    name = "newsroom"

    def ready(self) -> None:
        register(check_file_modes, Tags.security, deploy=True)
