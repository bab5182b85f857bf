"""The newsroom's own settings, in a throwaway place, with what makes tests fast."""

import os

import tests.environment
from newsroom.settings import *  # noqa: F403
from newsroom.settings import DATABASES, STORAGES

# A SQLite database in a file, so that threads, the WAL and a second process are real; on PostgreSQL a name
# that no other run on the same server takes.
DATABASES["default"]["TEST"] = {
    "NAME": f"test_newsroom_{os.getpid()}"
    if tests.environment.TEST_DATABASE_URL
    else str(tests.environment.DATA_DIR / "test.sqlite3")
}
# A busy machine is no failure: wait longer than production does for locks, and for one of more connections.
if tests.environment.TEST_DATABASE_URL:
    DATABASES["default"]["OPTIONS"]["pool"] |= {"max_size": 20, "timeout": 60}
    DATABASES["default"]["OPTIONS"]["options"] += " -c lock_timeout=60s"
else:
    DATABASES["default"]["OPTIONS"]["timeout"] = 60
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Pages print plain addresses, so that no test needs collectstatic; the `server` fixture has the real ones.
STORAGES["staticfiles"] = {"BACKEND": "newsroom.static_files.PlainStaticFiles"}
# All tests ask from one address; those of the limits set their own.
API_REQUESTS_PER_MINUTE = API_KEY_REQUESTS_PER_MINUTE = 0
