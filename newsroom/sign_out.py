"""Signing out: nothing that an editor wrote or saw stays in the browser."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out of the admin, and have the browser forget what it keeps of this site (Clear-Site-Data).

    Browsers obey the header over TLS only; the page that follows clears the desk's text by script as well.
    """
    response = admin.site.admin_view(admin.site.logout)(request)
    if request.method == "POST":
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
