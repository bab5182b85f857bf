"""Test settings: the project's settings with a throwaway data directory and faster choices."""

import os

import tests.environment
from newsroom.settings import *  # noqa: F403
from newsroom.settings import DATABASES, STORAGES

# SQLite uses a file, so that threads, the WAL and a second process work as in production. PostgreSQL uses a
# name that is unique to this run, because other runs may use the same server.
DATABASES["default"]["TEST"] = {
    "NAME": f"test_newsroom_{os.getpid()}"
    if tests.environment.TEST_DATABASE_URL
    else str(tests.environment.DATA_DIR / "test.sqlite3")
}
# Wait longer for locks and connections than in production, so that a busy machine does not fail tests.
if tests.environment.TEST_DATABASE_URL:
    DATABASES["default"]["OPTIONS"]["pool"] |= {"max_size": 20, "timeout": 60}
    DATABASES["default"]["OPTIONS"]["options"] += " -c lock_timeout=60s"
else:
    DATABASES["default"]["OPTIONS"]["timeout"] = 60
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Use plain static URLs, so that tests do not need collectstatic; the `server` fixture uses the hashed ones.
STORAGES["staticfiles"] = {"BACKEND": "newsroom.static_files.PlainStaticFiles"}
# WhiteNoise reads this directory for each test client, and with the collected files, which only servers need,
# that takes longer than most tests.
STATIC_ROOT = tests.environment.DATA_DIR / "static-of-tests"
STATIC_ROOT.mkdir(exist_ok=True)
# All tests send requests from one address; tests of the rate limits set their own values.
API_REQUESTS_PER_MINUTE = API_KEY_REQUESTS_PER_MINUTE = 0
