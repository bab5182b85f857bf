"""SSRF guard of webhook requests: connect only to the checked public address and follow no redirect."""

from __future__ import annotations

import asyncio
import socket

import pytest

from liveblog.webhooks import delivery
from liveblog.webhooks.delivery import Answer, post
from tests.newsroom.test_addresses import CLOSED
from tests.waiting import find_free_port
from tests.webhooks import receiver as behaviours

# Spellings of internal hosts in a webhook URL that the resolver accepts without a DNS query.
INTERNAL_HOSTS = [
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


def send(url: str, body: bytes = b"{}") -> Answer:
    return asyncio.run(post(url, {"content-type": "application/json"}, body))


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return a list that records each attempted connection; all attempts are refused."""
    attempts = []

    async def open_connection(host: str, port: int, **tls: object) -> None:
        attempts.append((host, port))
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    return attempts


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return a list of DNS answers; each lookup consumes the first one."""
    answers: list[list[str]] = []

    def getaddrinfo(host: str, port: int, *rest: object, **options: object) -> list[tuple]:
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (families[":" in address], socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers.pop(0)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


@pytest.mark.parametrize("host", INTERNAL_HOSTS)
def test_internal_hosts_are_refused_when_connecting(connections, host):
    answer = send(f"https://{host}/hook")
    assert "not on the public Internet" in answer.error
    assert (answer.status, answer.is_success, connections) == (None, False, [])


@pytest.mark.parametrize("address", [address for kind in CLOSED.values() for address in kind[:1] if address])
def test_names_that_resolve_to_internal_addresses_are_refused(connections, resolve, address):
    resolve.append([address])
    assert "not on the public Internet" in send("https://partner.example/").error
    assert connections == []


def test_name_with_one_internal_address_is_refused(connections, resolve):
    resolve.append(["1.1.1.1", "127.0.0.1"])
    assert "127.0.0.1, which is not on the public Internet" in send("https://partner.example/").error
    assert connections == []


def test_dns_rebinding_does_not_change_the_checked_addresses(connections, resolve):
    resolve += [["1.1.1.1", "2606:4700::1111"], ["127.0.0.1"]]
    answer = send("https://partner.example:8443/")
    assert connections == [("1.1.1.1", 8443), ("2606:4700::1111", 8443)]
    assert answer.error == "No connection: refused"
    # The next attempt resolves the name again and is refused.
    assert "not on the public Internet" in send("https://partner.example/").error
    assert len(connections) == 2


def test_plain_http_is_sent_only_to_webhook_test_hosts(connections, settings):
    assert send("http://partner.example/").error == "Not sent: only https is"
    settings.WEBHOOK_TEST_HOSTS = ["127.0.0.1"]
    send("http://127.0.0.1:8001/")
    assert connections == [("127.0.0.1", 8001)]


def test_certificate_of_an_untrusted_authority_is_refused(authority, settings):
    settings.WEBHOOK_TEST_HOSTS = ["localhost"]
    delivery._trusted.cache_clear()
    with behaviours.run_receiver(authority) as receiver:
        answer = send(receiver.url)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.error
    assert receiver.requests == []


def test_certificate_for_another_host_is_refused(receiver, settings, resolve):
    settings.WEBHOOK_TEST_HOSTS = ["other.example"]
    resolve.append(["127.0.0.1"])
    assert "CERTIFICATE_VERIFY_FAILED" in send(receiver.url.replace("localhost", "other.example")).error
    assert receiver.requests == []


def test_redirects_are_not_followed(receiver):
    receiver.behave = behaviours.redirect
    answer = send(receiver.url)
    assert (answer.status, answer.is_success, answer.reason) == (301, False, "HTTP 301")
    assert [request.path for request in receiver.requests] == ["/hook?of=ours"]


def test_closed_port_and_unknown_host_return_an_error_message(settings, resolve, monkeypatch):
    settings.WEBHOOK_TEST_HOSTS = ["127.0.0.1"]
    resolve.append(["127.0.0.1"])
    assert send(f"https://127.0.0.1:{find_free_port()}/").error.startswith("No connection:")

    def fail_lookup(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail_lookup)
    assert "Name or service not known" in send("https://nobody.example/").error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), (" 7 ", 7.0), ("soon", None), ("", None), ("-5", None), ("ÿ", None)],
)
def test_retry_after_is_parsed_as_seconds_or_ignored(receiver, header, seconds):
    receiver.behave = lambda handler: handler.answer(429, Retry_After=header)
    assert send(receiver.url).retry_after == seconds


def test_large_body_arrives_complete(receiver):
    body = b"x" * 5_000_000
    assert send(receiver.url, body).status == 204
    assert receiver.accepted_requests[0].body == body
