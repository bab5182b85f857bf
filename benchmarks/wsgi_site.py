"""The production ASGI application, with Django's WSGI handler in a thread pool for answers not kept."""

import os

from a2wsgi import WSGIMiddleware

from newsroom import asgi
from newsroom.wsgi import application as wsgi_application

__all__ = ["application"]

asgi.django_application = WSGIMiddleware(wsgi_application, workers=int(os.environ["HANDLER_THREADS"]))
application = asgi.application
