"""Access to the demo that outlasts restarts: the editor's password and a partner's API key.

Both are kept in DATA_DIR, in files that only this account can read. Only `serve` uses them, with DEMO=true.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.crypto import get_random_string

from liveblog import publishing
from liveblog.models import ApiKey, LiveBlog, Partner, Scope

PARTNER: Final = "Example Wire"
# A page that a local web server shows at this port may frame embeds, to try them: docs/embedding.md.
ORIGINS: Final = "http://127.0.0.1:8001\nhttp://localhost:8001"
LABEL: Final = "Demo"
# Leave out letters and digits that are easily confused when read off a screen.
PASSWORD_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def editor_password(editor: User) -> str:
    """Return the password of the demo's editor; an empty string if it was changed in the admin."""
    password = _read("demo-password")
    if password and editor.has_usable_password():
        return password if editor.check_password(password) else ""
    password = password or get_random_string(12, PASSWORD_ALPHABET)
    editor.set_password(password)
    editor.save(update_fields=["password"])
    _write("demo-password", password)
    return password


def partner_key(by: User) -> str:
    """Return a key of the demo's partner with all scopes; create both if they are missing."""
    partner, is_new = Partner.objects.get_or_create(
        name=PARTNER, defaults={"contact": "wire@example.com", "embed_origins": ORIGINS}
    )
    if is_new:
        partner.granted_blogs.set(LiveBlog.objects.all())
    secret = _read("demo-key")
    if secret and (ApiKey.objects.by_secret(secret) or not partner.is_active):
        return secret
    for key in partner.keys.usable().filter(label=LABEL):
        publishing.revoke_key(key, by=by)
    _key, secret = publishing.create_key(partner, by=by, label=LABEL, scopes=Scope.values)
    _write("demo-key", secret)
    return secret


def _path(name: str) -> Path:
    return settings.DATA_DIR / name


def _read(name: str) -> str:
    return _path(name).read_text() if _path(name).exists() else ""


def _write(name: str, secret: str) -> None:
    _path(name).touch(mode=0o600)
    _path(name).write_text(secret)
