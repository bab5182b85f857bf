"""For plain WSGI servers: every page works, and nothing falls due by itself."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
application = get_wsgi_application()

# E402: settings can be read only once Django is set up.
from newsroom import release  # noqa: E402

# Before the first request, because files may be replaced under a running process.
release.digest()
release.built_at()
