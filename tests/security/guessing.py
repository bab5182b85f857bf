"""Attempts to sign in with a password, right or wrong, from given addresses."""

from __future__ import annotations

from django.test import Client

from newsroom.sign_in import PER_NAME_AND_ADDRESS

LOGIN = "/admin/login/"
OFFICE, HOME = "192.0.2.1", "198.51.100.1"


def post(name: str, password: str, address: str = OFFICE, client: Client | None = None):
    client = client or Client()
    entered = {"username": name, "password": password}
    return client.post(LOGIN, entered, REMOTE_ADDR=address, headers={"accept-language": "en"})


def is_let_in(response) -> bool:
    return response.status_code == 302


def use_up(name: str, address: str = OFFICE) -> None:
    for _ in range(PER_NAME_AND_ADDRESS.attempts):
        post(name, "wrong", address)
