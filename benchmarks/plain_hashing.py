"""The newsroom's settings with Django's own password hasher, which hashes in the calling thread."""

# F403: Django settings are extended by importing all names of another settings module.
from newsroom.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
