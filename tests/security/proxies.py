"""Proxies and caches in front of a production-like server: Debian's nginx, Varnish and Caddy."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from django.conf import settings

from tests.environment import ROOT
from tests.security.wire import Connection, Response
from tests.waiting import find_free_port, find_free_ports, wait_until_listening

NAME = "news.example"
# Share the tests' secret key, so that they can create sessions.
PRODUCTION = {"SITE_URL": f"https://{NAME}", "DEMO": "false", "SECRET_KEY": settings.SECRET_KEY}


@dataclass(frozen=True)
class Proxy:
    """A running proxy; `tls` is an SSL context that trusts its certificate."""

    url: str
    plain_url: str
    tls: ssl.SSLContext | None = None

    def connect(self, **options: str) -> Connection:
        return Connection(self.url, tls=self.tls, host=NAME if self.tls else "", **options)

    def get(self, path: str, **headers: str) -> Response:
        with self.connect() as connection:
            connection.send_head(f"GET {quote(path, safe='/?=&:')}", **headers)
            return connection.read_response()


def find_binary(name: str) -> str:
    """Return the program's path; look in /usr/sbin too, where Debian installs servers."""
    binary = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if binary is None:
        pytest.skip(f"There is no {name} on this machine.")
    return binary


def put(text: str, replacements: dict[str, str]) -> str:
    """Replace every pattern; raise AssertionError for one that does not match."""
    for pattern, replacement in replacements.items():
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count, pattern
    return text


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[None]:
    # Caddy saves a copy of its configuration under the user's configuration directory.
    environment = os.environ | {"XDG_CONFIG_HOME": str(log.parent), "XDG_DATA_HOME": str(log.parent)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until_listening(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
        # Print the log, which pytest shows when the test fails.
        print(log.read_text())


@contextmanager
def nginx(place: Path, upstream: str, edits: dict[str, str], text: str = "") -> Iterator[tuple[int, int]]:
    """Run nginx with `text`, or deploy/nginx.conf; yield its TLS port and its plain one."""
    binary, (plain, port) = find_binary("nginx"), find_free_ports(2)
    temporary = "".join(
        f"{kind}_temp_path {place}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = place / "nginx.conf"
    replacements = {
        r"listen 80\b": f"listen 127.0.0.1:{plain}",
        r"listen 443\b": f"listen 127.0.0.1:{port}",
        r"127\.0\.0\.1:8000": upstream.removeprefix("http://"),
        r"/etc/ssl/newsroom": str(place),
        r"/run/nginx\.pid": f"{place}/nginx.pid",
        r"/var/cache/newsroom": f"{place}/cache",
        r"/var/log/nginx": str(place),
        r"^http \{$": f"http {{\n{temporary}",
        r"^worker_rlimit_nofile .*;$": f"user {getpass.getuser()};",
        r"worker_connections 32768": "worker_connections 1024",
    }
    config.write_text(put(text or (ROOT / "deploy/nginx.conf").read_text(), replacements | edits))
    with running([binary, "-c", str(config), "-g", "daemon off;"], port, place / "nginx.log"):
        yield port, plain


@contextmanager
def simple_nginx(place: Path, location: str, http: str = "") -> Iterator[str]:
    """Run nginx with these directives in its only location and around its only server. Yield its URL."""
    binary, port = find_binary("nginx"), find_free_port()
    temporary = "".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = place / "nginx.conf"
    config.write_text(f"""
        user {getpass.getuser()};
        pid {place}/nginx.pid;
        error_log {place}/error.log;
        events {{ worker_connections 2048; }}
        http {{
            access_log off;
            {temporary}
            {http}
            server {{
                listen 127.0.0.1:{port};
                location / {{ {location} }}
            }}
        }}
    """)
    with running([binary, "-c", str(config), "-g", "daemon off;"], port, place / "nginx.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def plain_nginx(place: Path, upstream: str) -> Iterator[str]:
    """Run nginx as a cache with no directive about lifetimes, as most people write it. Yield its URL."""
    cache = f"proxy_cache_path {place}/cache keys_zone=pages:10m;"
    with simple_nginx(place, f"proxy_cache pages; proxy_pass {upstream};", cache) as url:
        yield url


@contextmanager
def varnish(place: Path, upstream: str, edits: dict[str, str] | None = None) -> Iterator[str]:
    """Run Varnish with its own defaults, or, given edits, with deploy/varnish.vcl. Yield its URL."""
    binary, port = find_binary("varnishd"), find_free_port()
    host, upstream_port = upstream.removeprefix("http://").split(":")
    command = [
        binary,
        "-F",
        "-j",
        "none",
        "-n",
        f"{place}/work",
        "-a",
        f"127.0.0.1:{port}",
        "-s",
        "malloc,64m",
    ]
    if edits is None:
        command += ["-b", f"{host}:{upstream_port}"]
    else:
        config = place / "varnish.vcl"
        address = {r'\.port = "8000"': f'.port = "{upstream_port}"'}
        config.write_text(put((ROOT / "deploy/varnish.vcl").read_text(), address | edits))
        command += ["-f", str(config)]
    with running(command, port, place / "varnish.log"):
        yield f"http://127.0.0.1:{port}"


class Authority:
    """A certificate authority for NAME; `context` trusts it."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self._certificate = authority.issue_cert(NAME)
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)

    def issue(self, place: Path) -> None:
        self._certificate.private_key_pem.write_to_path(place / "privkey.pem")
        for part in self._certificate.cert_chain_pems:
            part.write_to_path(place / "fullchain.pem", append=True)


@contextmanager
def caddy(place: Path, upstream: str, edits: dict[str, str]) -> Iterator[tuple[int, int]]:
    binary, (plain, port) = find_binary("caddy"), find_free_ports(2)
    config = place / "Caddyfile"
    globally = ["admin off", f"http_port {plain}", f"https_port {port}", "default_bind 127.0.0.1"]
    replacements = {
        r"^\{$": "\n".join(["{", *globally]),
        rf"^{re.escape(NAME)} \{{$": f"{NAME} {{\ntls {place}/fullchain.pem {place}/privkey.pem",
        r"127\.0\.0\.1:8000": upstream.removeprefix("http://"),
    }
    config.write_text(put((ROOT / "deploy/Caddyfile").read_text(), replacements | edits))
    command = [binary, "run", "--config", str(config), "--adapter", "caddyfile"]
    with running(command, port, place / "caddy.log"):
        yield port, plain
