"""The strength required of new passwords."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

EASY = (
    *(
        "123456789012",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghijkl",
        "qwertyuiop12",
        "asdfghjkl;'z",
        "password1234",
    ),
    *(
        "P@ssw0rd12345",
        "iloveyou1234",
        "111122223333",
        "1qaz2wsx3edc",
        "hongkong12345",
        "aaaaaaaaaaaab",
    ),
    *("passwordpassword", "a" * 200, "Newsroom1234"),
)
STRONG = (
    "correct horse battery",
    "tram ferry lantern",
    "xK9#mQ2$vL7p",
    "渡輪燈籠電車海旁餅店咖啡",
    "harbour lantern",
)


def codes(password: str, user: User | None = None) -> set[str]:
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        return {error.code or "" for error in refusal.error_list}
    return set()


@pytest.mark.parametrize("password", EASY)
def test_passwords_that_are_easy_to_guess_are_refused_with_a_reason(password):
    assert "password_easy_to_guess" in codes(password)
    with (
        translation.override("en"),
        pytest.raises(ValidationError, match="This password is easy to guess"),
    ):
        validate_password(password)


@pytest.mark.parametrize("password", STRONG)
def test_uncommon_words_and_random_characters_are_accepted(password):
    assert codes(password) == set()


def test_password_made_of_the_persons_names_is_refused():
    user = User(username="siuming", first_name="Siuming", last_name="Tramferry")
    assert "password_easy_to_guess" in codes("siumingtramferry", user)


def test_judging_a_hostile_password_takes_less_than_a_second():
    started = time.process_time()
    codes("4@8({[</369&#!1|0$5+7%2" * 500)
    assert time.process_time() - started < 1
