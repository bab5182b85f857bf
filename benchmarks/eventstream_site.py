"""A minimal Django site with a django-eventstream stream, for comparison with the newsroom.

It runs in its own virtual environment, because the newsroom does not depend on that library.
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import include, path

settings.configure(
    SECRET_KEY="measured and thrown away",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django_eventstream"],
)
application = get_asgi_application()

# E402: the library has models, which can be imported only once Django is set up.
import django_eventstream  # noqa: E402


def publish(request):
    django_eventstream.send_event("coverage", "message", request.body.decode(), json_encode=False)
    return HttpResponse(status=204)


urlpatterns = [
    path("publish", publish),
    path("stream", include(django_eventstream.urls), {"channels": ["coverage"]}),
]
