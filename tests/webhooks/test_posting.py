"""Where a request goes: to the address that was checked, whatever the name says, and no further."""

from __future__ import annotations

import asyncio
import socket

import pytest

from liveblog.webhooks import delivery
from liveblog.webhooks.delivery import Answer, post
from tests.newsroom.test_addresses import CLOSED
from tests.waiting import find_free_port
from tests.webhooks import receiver as behaviours

# What a partner might write for an address inside: names that a resolver takes, without asking anybody.
INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "10.0.0.1",
    "169.254.169.254",
    "2852039166",
    "192.168.0.1",
    "224.0.0.1",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "localhost",
]


def sent(url: str, body: bytes = b"{}") -> Answer:
    return asyncio.run(post(url, {"content-type": "application/json"}, body))


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections would have been made to: the tests' traffic stays on this machine."""
    made = []

    async def open_connection(host: str, port: int, **tls: object) -> None:
        made.append((host, port))
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    return made


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the name server answers, one answer after the other; an answer that is used up is gone."""
    answers: list[list[str]] = []

    def getaddrinfo(host: str, port: int, *rest: object, **options: object) -> list[tuple]:
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (families[":" in address], socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers.pop(0)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


@pytest.mark.parametrize("host", INSIDE)
def test_addresses_inside_are_refused_when_the_connection_is_made(connections, host):
    answer = sent(f"https://{host}/hook")
    assert "not on the public Internet" in answer.error
    assert (answer.status, answer.is_success, connections) == (None, False, [])


@pytest.mark.parametrize("address", [address for kind in CLOSED.values() for address in kind[:1] if address])
def test_names_that_lead_inside_are_refused(connections, resolve, address):
    resolve.append([address])
    assert "not on the public Internet" in sent("https://partner.example/").error
    assert connections == []


def test_a_name_with_one_address_inside_is_refused(connections, resolve):
    resolve.append(["1.1.1.1", "127.0.0.1"])
    assert "127.0.0.1, which is not on the public Internet" in sent("https://partner.example/").error
    assert connections == []


def test_a_name_that_changes_its_answer_is_asked_once_and_connected_to_where_it_was_checked(
    connections, resolve
):
    resolve += [["1.1.1.1", "2606:4700::1111"], ["127.0.0.1"]]
    answer = sent("https://partner.example:8443/")
    assert connections == [("1.1.1.1", 8443), ("2606:4700::1111", 8443)]
    assert answer.error == "No connection: refused"
    # The next attempt looks anew, and is refused.
    assert "not on the public Internet" in sent("https://partner.example/").error
    assert len(connections) == 2


def test_without_tls_only_hosts_that_the_settings_name_are_sent_to(connections, settings):
    assert sent("http://partner.example/").error == "Not sent: only https is"
    settings.WEBHOOK_TEST_HOSTS = ["127.0.0.1"]
    sent("http://127.0.0.1:8001/")
    assert connections == [("127.0.0.1", 8001)]


def test_a_certificate_of_nobody_trusted_is_refused(authority, settings):
    settings.WEBHOOK_TEST_HOSTS = ["localhost"]
    delivery._trusted.cache_clear()
    with behaviours.receiving(authority) as receiver:
        answer = sent(receiver.url)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.error
    assert receiver.seen == []


def test_a_certificate_of_another_name_is_refused(receiver, settings, resolve):
    settings.WEBHOOK_TEST_HOSTS = ["other.example"]
    resolve.append(["127.0.0.1"])
    assert "CERTIFICATE_VERIFY_FAILED" in sent(receiver.url.replace("localhost", "other.example")).error
    assert receiver.seen == []


def test_no_redirect_is_followed(receiver):
    receiver.behave = behaviours.redirect
    answer = sent(receiver.url)
    assert (answer.status, answer.is_success, answer.reason) == (301, False, "HTTP 301")
    assert [request.path for request in receiver.seen] == ["/hook?of=ours"]


def test_a_closed_port_and_a_name_that_nobody_knows_are_failures_in_words(settings, resolve, monkeypatch):
    settings.WEBHOOK_TEST_HOSTS = ["127.0.0.1"]
    resolve.append(["127.0.0.1"])
    assert sent(f"https://127.0.0.1:{find_free_port()}/").error.startswith("No connection:")

    def unknown(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "Name or service not known" in sent("https://nobody.example/").error


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("120", 120.0), (" 7 ", 7.0), ("soon", None), ("", None), ("-5", None), ("ÿ", None)],
)
def test_retry_after_in_seconds(receiver, given, seconds):
    receiver.behave = lambda handler: handler.answer(429, Retry_After=given)
    assert sent(receiver.url).retry_after == seconds


def test_a_large_body_arrives_whole(receiver):
    body = b"x" * 5_000_000
    assert sent(receiver.url, body).status == 204
    assert receiver.taken[0].body == body
