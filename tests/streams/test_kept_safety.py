"""Safety of kept answers: whatever the order of events, none lags behind the log by more than the bound.

The log, its readings, the renderings, the wake-ups and the clock are steps of a state machine here, so that
Hypothesis can put them in any order: a change between the position and the rows, a wake-up before or after a
reading, a listener that is cut and comes back.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from liveblog.streams import positions
from liveblog.streams.kept import KeptAnswers
from liveblog.streams.positions import FRESH_SECONDS, Positions
from tests.streams.asking import ask

SLUGS = {"storm": 1, "heat": 2}
URLS = ["/live/storm/", "/live/heat/", "/"]
PATHS = st.sampled_from(URLS)
# Events that may happen while a request is being answered.
EVENTS = ["step", "publish", "wait", "ask"]


@dataclass
class Log:
    """Numbers of the blogs, and of the site as their sum, with the times of all commits."""

    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SLUGS, 1))
    commits: list[tuple[float, str]] = field(default_factory=list)

    def number(self, slug: str | None) -> int:
        return sum(self.numbers.values()) if slug is None else self.numbers[slug]

    def number_at(self, slug: str | None, moment: float) -> int:
        """Return the number as it was after all commits up to `moment`."""
        return self.number(slug) - sum(at > moment and slug in (None, other) for at, other in self.commits)


class Steps:
    """Work of other threads and processes, which continues only when the machine releases a step."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def step(self) -> None:
        self._waiting.append(asyncio.get_running_loop().create_future())
        await self._waiting[-1]

    def release(self, index: int) -> None:
        self._waiting.pop(index).set_result(None)

    def __len__(self) -> int:
        return len(self._waiting)


def slug_of(path: str) -> str | None:
    return path.split("/")[2] if path.startswith("/live/") else None


@dataclass
class Request:
    """A request: its path, the time it was sent, and its future response."""

    path: str
    at: float
    reply: asyncio.Task


class KeptMachine(RuleBasedStateMachine):
    """State machine that publishes, reads, renders, wakes and requests in any order."""

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = 1_000.0
        self.log, self.steps = Log(), Steps()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(positions.time, "monotonic", lambda: self.now)
        self.patch.setattr(positions, "read_blog", self.read_blog)
        self.patch.setattr(positions, "read_site", self.read_site)
        self.positions = Positions()
        self.positions._is_on_sqlite = False
        self.site = KeptAnswers(self.render, self.render, self.positions, 1024 * 1024)
        self.requests: list[Request] = []
        # Notifications on their way to the listener, in commit order: a blog's id, or its own echo.
        self.queue: list[int | float] = []
        self.is_listening = False
        self.connect()
        for path in URLS:
            self.ask_and_finish(path, is_newest_first=False)

    def teardown(self) -> None:
        for request in self.requests:
            request.reply.cancel()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run()
        self.loop.close()
        self.patch.undo()

    def run(self) -> None:
        """Let the event loop do everything that needs no further step."""
        for _ in range(40):
            self.loop.run_until_complete(asyncio.sleep(0))

    async def read(self, slug: str | None) -> int:
        await self.steps.step()
        number = self.log.number(slug)
        await self.steps.step()
        return number

    async def read_blog(self, slug: str) -> tuple[int, ...]:
        return SLUGS[slug], await self.read(slug), 0

    async def read_site(self) -> tuple[int, ...]:
        return await self.read(None), len(SLUGS), 0

    async def render(
        self, scope: dict[str, Any], _receive: Callable[..., Any], send: Callable[..., Awaitable[None]]
    ) -> None:
        """Answer with the number that the rows had when they were read."""
        body = str(await self.read(slug_of(scope["path"]))).encode()
        headers = [(b"content-length", b"%d" % len(body)), (b"cache-control", b"public, max-age=0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @rule(path=PATHS)
    def ask(self, path: str) -> None:
        reply = self.loop.create_task(ask(self.site, path))
        self.requests.append(Request(path, self.now, reply))
        self.run()

    @rule(path=PATHS, is_newest_first=st.booleans())
    def ask_and_finish(self, path: str, is_newest_first: bool) -> None:
        self.ask(path)
        self.finish(is_newest_first)

    @rule(path=PATHS, is_newest_first=st.booleans(), meanwhile=st.lists(st.sampled_from(EVENTS), max_size=7))
    def ask_while(self, path: str, is_newest_first: bool, meanwhile: list[str]) -> None:
        """Send a request, and let other events happen while its answer is being made."""
        self.ask(path)
        for event in meanwhile:
            if event == "ask":
                self.ask(path)
            elif event == "publish":
                self.publish(slug_of(path) or "heat")
                self.hear_all()
            elif event == "wait":
                self.now += FRESH_SECONDS * 1.5
            elif event == "step" and len(self.steps):
                self.step(is_newest_first)

    @rule(slug=st.sampled_from(sorted(SLUGS)))
    def publish(self, slug: str) -> None:
        self.log.numbers[slug] += 1
        self.log.commits.append((self.now, slug))
        if self.is_listening:
            self.queue.append(SLUGS[slug])

    def step(self, is_newest: bool) -> None:
        self.steps.release(-1 if is_newest else 0)
        self.run()

    @precondition(lambda self: len(self.steps))
    @rule(is_newest_first=st.booleans())
    def finish(self, is_newest_first: bool) -> None:
        """Release steps until no work is waiting."""
        while len(self.steps):
            self.step(is_newest_first)

    @rule(seconds=st.sampled_from([FRESH_SECONDS / 2, FRESH_SECONDS * 1.5]))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.is_listening)
    @rule()
    def let_a_quiet_second_pass(self) -> None:
        """Let the listener receive everything, ending with an echo."""
        self.now += 1.0
        self.queue.append(self.now)
        self.hear_all()

    @precondition(lambda self: self.is_listening)
    @rule()
    def send_echo(self) -> None:
        self.queue.append(self.now)

    @precondition(lambda self: self.queue)
    @rule()
    def hear(self) -> None:
        message = self.queue.pop(0)
        if isinstance(message, float):
            self.positions.vouch(message)
        else:
            self.positions.wake(message)
        self.run()

    def hear_all(self) -> None:
        while self.queue:
            self.hear()

    @rule()
    def connect(self) -> None:
        """Connect or reconnect the listener; messages not yet received are lost."""
        self.queue, self.is_listening = [], True
        self.positions.wake(None)

    @precondition(lambda self: self.is_listening)
    @rule()
    def cut(self) -> None:
        self.queue, self.is_listening = [], False

    @invariant()
    def no_answer_is_older_than_the_bound(self) -> None:
        for request in [request for request in self.requests if request.reply.done()]:
            self.requests.remove(request)
            number, slug = int(request.reply.result().text), slug_of(request.path)
            least = self.log.number_at(slug, request.at - FRESH_SECONDS - 1e-6)
            assert least <= number <= self.log.number(slug), (request.path, request.at, self.now)


TestKeptAnswers = KeptMachine.TestCase
TestKeptAnswers.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)


STORM = "/live/storm/"


def change_while_a_position_is_read(machine: KeptMachine) -> None:
    machine.let_time_pass(FRESH_SECONDS * 2)
    machine.ask_while(STORM, is_newest_first=False, meanwhile=["step", "publish"])
    machine.finish(is_newest_first=False)
    machine.let_a_quiet_second_pass()
    machine.ask_and_finish(STORM, is_newest_first=False)


def slow_read_of_a_position_after_a_cut(machine: KeptMachine) -> None:
    machine.cut()
    machine.let_time_pass(FRESH_SECONDS * 2)
    machine.ask_while(STORM, is_newest_first=False, meanwhile=["step", "publish", "wait", "step"])
    machine.ask_and_finish(STORM, is_newest_first=False)


def change_while_an_answer_is_rendered(machine: KeptMachine) -> None:
    """Ask before the change, and again after it while the first answer, with the old rows, is pending."""
    machine.publish("storm")
    machine.hear_all()
    steps_to_old_rows = ["step", "step", "step"]
    machine.ask_while(STORM, is_newest_first=False, meanwhile=[*steps_to_old_rows, "publish", "wait"])
    machine.ask_while(STORM, is_newest_first=True, meanwhile=["step", "step"])
    # The first answer is ready before the second, and must not be used in its place.
    machine.step(is_newest=False)
    machine.ask(STORM)
    machine.finish(is_newest_first=False)
    machine.let_a_quiet_second_pass()
    machine.ask_and_finish(STORM, is_newest_first=False)


def change_reported_only_by_the_listener(machine: KeptMachine) -> None:
    machine.publish("storm")
    machine.let_a_quiet_second_pass()
    for path in URLS:
        machine.ask_and_finish(path, is_newest_first=False)


@pytest.mark.parametrize(
    "scenario",
    [
        change_while_a_position_is_read,
        slow_read_of_a_position_after_a_cut,
        change_while_an_answer_is_rendered,
        change_reported_only_by_the_listener,
    ],
)
def test_no_answer_is_too_old_after(scenario):
    machine = KeptMachine()
    machine.start()
    try:
        machine.no_answer_is_older_than_the_bound()
        scenario(machine)
        assert machine.requests
        machine.no_answer_is_older_than_the_bound()
    finally:
        machine.teardown()


def test_bound_leaves_time_for_a_shared_cache():
    """A shared cache may keep a page for 4 more seconds, and a takedown must take effect within 5."""
    assert 4 + FRESH_SECONDS < 5
    assert math.isfinite(FRESH_SECONDS)
