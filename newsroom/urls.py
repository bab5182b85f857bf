"""Where each room is mounted, and who answers when none does."""

from django.contrib import admin
from django.urls import include, path
from django.views import defaults

from liveblog.api import problems

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("liveblog.api.urls")),
    path("", include("liveblog.reader.urls")),
]

# Problem details for the API's clients, pages for everybody else.
handler400 = problems.answering(400, defaults.bad_request)
handler403 = problems.answering(403, defaults.permission_denied)
handler404 = problems.answering(404, defaults.page_not_found)
handler500 = problems.answering(500, defaults.server_error)
