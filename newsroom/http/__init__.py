"""HTTP below the views: limits, client addresses, request validation and error responses."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
