"""The app config of the project itself. It registers the system checks that do not concern live blogs."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from newsroom import error_reports
from newsroom.checks import check_file_modes


class NewsroomConfig(AppConfig):
    name = "newsroom"

    def ready(self) -> None:
        error_reports.start()
        register(check_file_modes, Tags.security, deploy=True)
