"""A Django site with no middleware and one view, which returns bytes from memory.

The file named by PAGE holds the body, that named by HEADERS the other headers as JSON.
"""

import json
import os
from pathlib import Path

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(SECRET_KEY="measured and thrown away", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__)
application = get_asgi_application()

_BODY = Path(os.environ["PAGE"]).read_bytes()
_HEADERS = json.loads(Path(os.environ["HEADERS"]).read_text())


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_BODY, headers=_HEADERS)


urlpatterns = [path("page", page)]
