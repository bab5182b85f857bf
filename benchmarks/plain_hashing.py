"""The newsroom's settings with Django's own password hasher, which hashes wherever it is called."""

from newsroom.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
