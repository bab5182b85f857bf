"""Hashing of passwords: one at a time, in a queue that can be full."""

from __future__ import annotations

import pytest

from newsroom import passwords
from newsroom.http import rate_limits
from newsroom.passwords import HashingBusyError, QueuedPasswordHasher
from newsroom.sign_in import PER_NAME_AND_ADDRESS
from tests.at_once import at_once
from tests.factories import PASSWORD
from tests.security.guessing import is_let_in, post


@pytest.fixture
def hasher(monkeypatch) -> QueuedPasswordHasher:
    monkeypatch.setattr(QueuedPasswordHasher, "iterations", 1000)
    return QueuedPasswordHasher()


def test_unknown_name_takes_one_hash_like_a_known_one(editor, monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["newsroom.passwords.QueuedPasswordHasher"]
    monkeypatch.setattr(QueuedPasswordHasher, "iterations", 1000)
    editor.set_password(PASSWORD)
    editor.save()
    hashed = []
    encode = QueuedPasswordHasher.encode

    def counting_encode(hasher, password, salt, iterations=None):
        hashed.append(iterations or hasher.iterations)
        return encode(hasher, password, salt, iterations)

    monkeypatch.setattr(QueuedPasswordHasher, "encode", counting_encode)

    for name in (editor.username, "nobody"):
        post(name, "wrong")

    assert hashed == [1000, 1000]


def test_passwords_hashed_by_the_parent_hasher_stay_valid(hasher):
    encoded = super(QueuedPasswordHasher, hasher).encode(PASSWORD, "0123456789abcdefghijkl")

    assert hasher.verify(PASSWORD, encoded)
    assert not hasher.verify("wrong", encoded)
    assert hasher.encode(PASSWORD, "0123456789abcdefghijkl") == encoded


def test_full_hashing_queue_returns_503_and_counts_no_attempt(editor, monkeypatch, settings, hasher):
    settings.PASSWORD_HASHERS = ["newsroom.passwords.QueuedPasswordHasher"]
    editor.set_password(PASSWORD)
    editor.save()
    for _ in range(passwords.MAX_WAITING):
        passwords._places.acquire()
    try:
        busy = [post(editor.username, PASSWORD) for _ in range(PER_NAME_AND_ADDRESS.attempts + 1)]
        with pytest.raises(HashingBusyError):
            hasher.encode(PASSWORD, "0123456789abcdefghijkl")
    finally:
        for _ in range(passwords.MAX_WAITING):
            passwords._places.release()

    assert {(answer.status_code, answer.headers["Retry-After"]) for answer in busy} == {(503, "2")}
    assert is_let_in(post(editor.username, PASSWORD))


def test_passwords_are_hashed_one_at_a_time(monkeypatch):
    at_work, most = [], []

    def hash_slowly(hasher, password, salt, iterations=None):
        at_work.append(password)
        most.append(len(at_work))
        at_work.remove(password)
        return password

    monkeypatch.setattr(QueuedPasswordHasher.__mro__[1], "encode", hash_slowly)

    hashed = at_once(8, lambda number: QueuedPasswordHasher().encode(f"password {number}", "salt"))

    assert hashed == [f"password {number}" for number in range(8)]
    assert max(most) == 1
    rate_limits.forget()
