"""The site's addresses, and one that fails: what `pytest.mark.urls` gives to the tests of failures."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import defaults

from liveblog.api import problems
from newsroom.urls import urlpatterns as site


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret")


urlpatterns = [path("api/v1/failure/", fail), path("failure/", fail), *site]
handler404 = problems.answering(404, defaults.page_not_found)
handler500 = problems.answering(500, defaults.server_error)
