"""URLconf of the site plus two addresses that raise, for tests that use `pytest.mark.urls`."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from newsroom.urls import handler404, handler500
from newsroom.urls import urlpatterns as site


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret")


__all__ = ["handler404", "handler500", "urlpatterns"]

urlpatterns = [path("api/v1/failure/", fail), path("failure/", fail), *site]
