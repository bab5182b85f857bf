"""The URL configuration and error handlers."""

from django.contrib import admin
from django.urls import include, path
from django.views import defaults
from django.views.i18n import JavaScriptCatalog

from liveblog.admin import today
from liveblog.admin.reading import view_on_site
from liveblog.api import problems
from newsroom import sign_in
from newsroom.http.bodies import too_large
from newsroom.http.busy import busy, unless_busy
from newsroom.http.doors import malformed
from newsroom.security_txt import security_txt

# Translations for the scripts of the rich text editor and the desk, in the user's language.
labels = JavaScriptCatalog.as_view()

urlpatterns = [
    # The live desk is a page of the admin. Include it here, because admin and desk do not import one another.
    path("admin/liveblog/liveblog/<int:pk>/desk/", include("liveblog.desk.urls")),
    path("admin/labels.js", labels, name="labels"),
    path("admin/r/<int:content_type_id>/<path:object_id>/", admin.site.admin_view(view_on_site)),
    # These replace the admin's own views, to log attempts and to respond with 429 to refused ones.
    path("admin/login/", sign_in.sign_in),
    path("admin/logout/", sign_in.sign_out),
    path("admin/password_change/", admin.site.admin_view(sign_in.change_password, cacheable=True)),
    path("admin/", admin.site.admin_view(today.today)),
    path("admin/start/", admin.site.admin_view(today.start), name="start"),
    path("admin/start/slug/", admin.site.admin_view(today.slug), name="start_slug"),
    path("admin/access/", include("newsroom.access.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("liveblog.api.urls")),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("", include("liveblog.reader.urls")),
]

# The API responds with problem details, everything else with pages.
handler400 = problems.answering(400, malformed)
handler403 = problems.answering(403, defaults.permission_denied)
handler404 = problems.answering(404, defaults.page_not_found)
# Django itself does not use handlers for these two statuses; our own code resolves them.
handler413 = problems.answering(413, too_large)
handler503 = problems.answering(503, busy)
handler500 = unless_busy(problems.answering(500, defaults.server_error), handler503)
