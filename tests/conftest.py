"""Shared fixtures, including a real server and browser, and the rule that CI must not skip a test."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import translation
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from liveblog.presentation import editions
from newsroom.http import rate_limits
from tests import chromium
from tests.environment import CASES, DATA_DIR, IS_CI, ROOT, SAMPLES, SCHEMAS, TEST_DATABASE_URL
from tests.flushing import flush_faster
from tests.forking import Fork, Forks, forking
from tests.waiting import find_free_port, wait_until_listening

# Wait generously, so that a busy machine does not fail the tests.
expect.set_options(timeout=20_000)
# Run times belong to the benchmarks, so there is no deadline; CI uses the same examples each time.
hypothesis.settings.register_profile("newsroom", deadline=None, derandomize=IS_CI, print_blob=True)
hypothesis.settings.load_profile("newsroom")
flush_faster()


# These tests of the verbs are the only ones with a database that `make test-fast` runs, because rendering
# pages takes most of the suite's time.
FAST_WITH_DATABASE = tuple(
    f"{ROOT}/tests/publishing/test_{name}.py"
    for name in ("blogs", "content", "due", "once", "responses", "retention", "teams_and_undo", "updates")
)
# It also skips these tests, which start processes or try hostile corpora.
SLOW = tuple(
    f"{ROOT}/tests/{name}"
    for name in (
        *("newsroom/test_bootstrap.py", "newsroom/test_checks.py", "test_locale.py", "test_plumbing.py"),
        *("security/", "streams/", "management/", "publishing/test_picture_worker.py"),
    )
)


# The modules that take half a minute or more, in processes that they start or by waiting; the longest first.
LONGEST = tuple(
    f"{ROOT}/tests/{name}.py"
    for name in (
        *("test_operating_docs", "management/test_backup", "management/test_serve", "test_demo_docs"),
        *("security/test_upgrade", "security/test_corpus", "api/test_fuzz", "streams/test_kept_surfaces"),
        *("security/test_caches", "newsroom/test_checks", "security/test_request_bodies"),
        *("webhooks/test_delivery", "publishing/test_crashes", "security/test_hidden_from_staff"),
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-examples",
        type=int,
        help="How many requests Schemathesis makes up for each operation of the API: others each time.",
    )
    parser.addoption(
        "--write-failed",
        type=Path,
        help="Write the names of failed tests to this file, if running them again can decide the run.",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark the tests that need a database, a server process or a browser before `-m` selects.

    Browser tests run last, because Playwright's event loop stays in the thread.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "browser" in fixtures:
            item.add_marker("browser")
        if "django_db_setup" in fixtures or "db" in fixtures or item.get_closest_marker("django_db"):
            item.add_marker("database")
            if not str(item.path).startswith(FAST_WITH_DATABASE):
                item.add_marker("slow")
        if "production_environment" in fixtures:
            item.add_marker("served")
        if str(item.path).startswith(SLOW):
            item.add_marker("slow")
    yield
    # Sort after pytest-django, which reorders the tests too.
    items[:] = _balance(items)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def _balance(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in an order in which each process starts with a share of the longest modules.

    xdist gives each process the same number of neighbouring tests; a process that has finished its own takes
    over the last ones of another. If those were the longest, one process would run on alone at the end.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    longest: dict[str, list[pytest.Item]] = {path: [] for path in LONGEST}
    others = []
    for item in items:
        longest.get(str(item.path), others).append(item)
    modules = list(longest.values())
    balanced = []
    for process in range(processes):
        start, end = (len(others) * number // processes for number in (process, process + 1))
        balanced += [*chain.from_iterable(modules[process::processes]), *others[start:end]]
    return balanced


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the garbage collector leave out what was imported and collected, and run less often.

    It took a tenth of the processor time, because thousands of tests are in memory.
    """
    if not session.config.option.collectonly:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)


def pytest_report_header() -> str:
    return f"database: {connection.vendor} ({'TEST_DATABASE_URL' if TEST_DATABASE_URL else 'a file'})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Report what the browser shows when a test fails, because CI keeps nothing but its output."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.failed and report.when == "call" and browser:
        report.sections += [(f"Open page {url}", tree) for url, tree in chromium.describe_pages(browser)]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped_in_ci(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    # After `-x` some tests did not run, which leaves the run undecided.
    elif session.exitstatus == pytest.ExitCode.TESTS_FAILED and not session.shouldfail:
        _write_failed(session.config)


def _write_failed(config: pytest.Config) -> None:
    path = config.getoption("write_failed")
    # With xdist, each worker knows only its own tests, and the controller knows all.
    if path and not hasattr(config, "workerinput"):
        stats = config.pluginmanager.get_plugin("terminalreporter").stats
        reports = [*stats.get("failed", []), *stats.get("error", [])]
        path.write_text("\n".join(dict.fromkeys(report.nodeid for report in reports)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in _skipped_in_ci(config):
        terminalreporter.write_line(f"CI skips nothing: {report.nodeid} ({report.longrepr[2]})")


def _skipped_in_ci(config: pytest.Config) -> list:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if IS_CI and reporter else []


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Terminate connections that test threads left open, so that the database can be dropped.

    Tests that commit are cleaned up by TRUNCATE, which the audit log refuses everywhere else.
    """
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            for table, trigger in [
                ("liveblog_auditentry", "audit_entry_no_truncate"),
                ("liveblog_audithead", "audit_head_no_truncate"),
            ]:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the directory of sample articles for the importer, which are not part of the project."""
    if not SAMPLES.is_dir():
        pytest.skip(f"There is no {SAMPLES.relative_to(ROOT.parent)} beside the project.")
    return SAMPLES


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the directory of sentences for script conversion, which are not part of the project."""
    if not CASES.is_dir():
        pytest.skip(f"There is no {CASES.relative_to(ROOT.parent)} beside the project.")
    return CASES


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Return the directory of schemas that standards bodies publish, which are not part of the project."""
    if not SCHEMAS.is_dir():
        pytest.skip(f"There is no {SCHEMAS.relative_to(ROOT.parent)} beside the project.")
    return SCHEMAS


@pytest.fixture(autouse=True)
def forget() -> None:
    """Clear the caches of conversions and rate limits, because each test starts with a new database."""
    editions.forget()
    rate_limits.forget()


@pytest.fixture(autouse=True)
def forget_language() -> None:
    """Reset the language, so that the last request of another test does not leak into this one."""
    translation.deactivate()


@pytest.fixture
def rate_limit_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock of the rate limits; tests advance the Unix time in its single item."""
    now = [1_800_000_000.25]
    monkeypatch.setattr("newsroom.http.rate_limits.time.time", lambda: now[0])
    return now


@pytest.fixture
def in_english() -> Iterator[None]:
    """Activate English, for tests that compare error messages."""
    with translation.override("en"):
        yield


@dataclass(frozen=True)
class Server:
    """A running server process on the test database."""

    url: str
    process: subprocess.Popen | Fork


@pytest.fixture(scope="session")
def production_environment(test_database_url: str) -> dict[str, str]:
    """Return the environment of a process with the real settings, the test database and static files.

    `TEST_STATIC_ROOT` names a directory of static files that were collected for all test processes.
    """
    settings = {"DJANGO_SETTINGS_MODULE": "newsroom.settings", "DATABASE_URL": test_database_url}
    # All tests send requests from one address, which would exceed the limits.
    names = ("API_REQUESTS_PER_MINUTE", "API_KEY_REQUESTS_PER_MINUTE", "STREAMS_PER_ADDRESS")
    unlimited = dict.fromkeys(names, "0")
    environment = os.environ | settings | unlimited
    static_root = DATA_DIR / "static"
    if shared_root := os.environ.get("TEST_STATIC_ROOT"):
        static_root.rmdir()
        static_root.symlink_to(shared_root)
    else:
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
        subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    return environment


@pytest.fixture(scope="session")
def test_database_url(django_db_setup: None) -> str:
    """Return the URL of the test database, for the settings of other processes."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(TEST_DATABASE_URL)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def forks(production_environment: dict[str, str]) -> Iterator[Forks]:
    port = find_free_port()
    with forking(production_environment | {"SITE_URL": f"http://127.0.0.1:{port}"}, ROOT, port) as forks:
        yield forks


@pytest.fixture
def start_server(
    request: pytest.FixtureRequest, transactional_db: None, production_environment: dict[str, str]
) -> Iterator[Callable[..., Server]]:
    """Yield a function that starts uvicorn in its own process, as in production.

    The process sees committed rows and publishes due updates. Keyword arguments are environment variables.
    The first server without any is a fork, which starts at once (tests/forking.py).
    """

    def start(**settings: str) -> Server:
        if not settings and (forks := request.getfixturevalue("forks")).is_free:
            return servers.enter_context(serving_fork(forks))
        return servers.enter_context(serving(production_environment | settings))

    with ExitStack() as servers:
        yield start


@pytest.fixture
def server(start_server: Callable[[], Server]) -> Server:
    return start_server()


@contextmanager
def serving(environment: dict[str, str], place: Path = ROOT, port: int = 0) -> Iterator[Server]:
    """Serve the project at `place` on `port`, or on any free port if it is 0."""
    port = port or find_free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "newsroom.asgi:application", f"--port={port}"]
    log = DATA_DIR / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *command,
                "--http=newsroom.http.protocol:BoundedProtocol",
                "--lifespan=on",
                "--no-access-log",
                "--no-server-header",
                "--no-proxy-headers",
                "--timeout-graceful-shutdown=3",
            ],
            cwd=place,
            env={"SITE_URL": url} | environment,
            stdout=output,
            stderr=output,
        )
    with ending(process, log):
        wait_until_listening(process, port)
        yield Server(url, process)


@contextmanager
def serving_fork(forks: Forks) -> Iterator[Server]:
    log = DATA_DIR / f"server-{forks.port}.log"
    process = forks.start(log)
    with ending(process, log):
        wait_until_listening(process, forks.port)
        yield Server(f"http://127.0.0.1:{forks.port}", process)


@contextmanager
def ending(process: subprocess.Popen | Fork, log: Path) -> Iterator[None]:
    """End the process and print its log, which pytest shows when the test fails."""
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
        print(log.read_text())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield a browser from the system's Chromium."""
    executable = chromium.find_headless()
    if not executable:
        pytest.skip("There is no Chromium on this machine.")
    # Playwright's sync API keeps an event loop running in this thread, where Django refuses database access.
    # The override is safe, because no test code runs inside that loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
        yield instance
        instance.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def console_errors() -> list[str]:
    """Return the list of browser errors; a test that provokes errors must check and clear it."""
    return []


@pytest.fixture
def new_page(browser: Browser, console_errors: list[str]) -> Iterator[Callable[..., Page]]:
    """Yield a function that opens a page in a new browser context with Playwright's context options.

    Any console error, uncaught exception or CSP violation fails the test.
    """
    contexts = []

    def open_page(**options) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and console_errors.append(message.text))
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            _leave(page)
        context.close()
    assert console_errors == []


def _leave(page: Page) -> None:
    """Navigate to a blank page first, because closing a page during navigation sometimes hangs Chromium."""
    for _attempt in range(3):
        with suppress(Error):
            page.goto("about:blank")
            return


@pytest.fixture
def open_signed_in(server: Server, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens a browser page with the given user signed in, in English."""

    def open_page(user: User, **options) -> Page:
        client = Client()
        client.force_login(user)
        page = new_page(**{"locale": "en-GB", "base_url": server.url} | options)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server.url}])
        return page

    return open_page


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()
