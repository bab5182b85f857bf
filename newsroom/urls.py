"""Where each room is mounted."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("liveblog.api.urls")),
    path("", include("liveblog.reader.urls")),
]
