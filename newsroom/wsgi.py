"""The WSGI application. All pages work, but scheduled work does not run by itself."""

import os

from django.core.wsgi import get_wsgi_application

from newsroom import metric_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
metric_files.share()
application = get_wsgi_application()

# E402: settings can be read only once Django is set up.
from newsroom import release  # noqa: E402

# Compute these before the first request, because files may be replaced while the process runs.
release.digest()
release.built_at()
