"""Signing in through the forms, with codes of an authenticator app."""

from __future__ import annotations

import re
import time

import pyotp
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from newsroom.access import recovery_codes, totp
from newsroom.access.models import Authenticator
from tests.factories import PASSWORD

LOGIN, SECOND_FACTOR, OVERVIEW = "/admin/login/", "/admin/access/second-factor/", "/admin/access/"


class Browser(Client):
    """A test client that signs in as people do."""

    def enter_password(self, person: User, password: str = PASSWORD, next: str = "") -> HttpResponse:
        return self.post(LOGIN, {"username": person.username, "password": password, "next": next})

    def enter_code(self, code: str) -> HttpResponse:
        return self.post(SECOND_FACTOR, {"code": code})

    @property
    def is_in(self) -> bool:
        return self.get("/admin/").status_code == 200


def add_app(person: User) -> str:
    """Give a person an authenticator app and return its secret; the current code is still unused."""
    secret = totp.new_secret()
    assert totp.add(person, secret, pyotp.TOTP(secret).now())
    Authenticator.objects.filter(user=person).update(last_step=0)
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """Return the code of the time step `steps` after the current one."""
    return pyotp.TOTP(secret).at(int(time.time()) + steps * totp.STEP_SECONDS)


def make_codes(person: User) -> list[str]:
    return recovery_codes.make(person)


def shown_codes(response: HttpResponse) -> list[str]:
    return re.findall(r'<code class="secret-text">([\w-]{19})</code>', response.content.decode())
