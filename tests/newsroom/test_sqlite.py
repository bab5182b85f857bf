"""The queue of SQLite writers: fair, reentrant, bounded, and released however a transaction ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError

from newsroom.busy import is_busy
from newsroom.sqlite.base import DatabaseWrapper
from newsroom.sqlite.turns import Turns
from tests.waiting import wait_for

WRITERS = 8


@pytest.fixture
def open_database(tmp_path: Path, django_db_blocker) -> Iterator[Callable[..., DatabaseWrapper]]:
    """Yield a function that opens another connection, for any thread, to a database of this test's own."""
    wrappers = []

    def open_one(timeout: float = 20) -> DatabaseWrapper:
        options = {"transaction_mode": "IMMEDIATE", "timeout": timeout}
        settings = {
            "NAME": str(tmp_path / "queue.sqlite3"),
            "OPTIONS": options,
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": False,
            "TIME_ZONE": None,
            "AUTOCOMMIT": True,
        }
        wrapper = DatabaseWrapper(settings, alias=f"queue {len(wrappers)}")
        wrapper.inc_thread_sharing()
        wrappers.append(wrapper)
        return wrapper

    # Access is unblocked because the test database is not used: the test runs on any backend.
    with django_db_blocker.unblock():
        with open_one().cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("CREATE TABLE log (id integer PRIMARY KEY, writer integer)")
        yield open_one
        for wrapper in wrappers:
            wrapper.close()


def begin(wrapper: DatabaseWrapper) -> None:
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(wrapper: DatabaseWrapper) -> None:
    wrapper.commit()
    wrapper.set_autocommit(True)


def insert(wrapper: DatabaseWrapper, writer: int) -> None:
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO log (writer) VALUES (%s)", [writer])


def logged_writers(wrapper: DatabaseWrapper) -> list[int]:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT writer FROM log ORDER BY id")
        return [writer for (writer,) in cursor.fetchall()]


def insert_in_transaction(wrapper: DatabaseWrapper, writer: int) -> None:
    begin(wrapper)
    insert(wrapper, writer)
    end(wrapper)


def test_turns_are_taken_in_the_order_of_requests():
    turns, first, order = Turns(), object(), []

    def take(number: int) -> None:
        owner = object()
        turns.take(owner, 30)
        order.append(number)
        turns.give_back(owner)

    turns.take(first, 0)
    with ThreadPoolExecutor(WRITERS) as threads:
        for number in range(WRITERS):
            threads.submit(take, number)
            wait_for(lambda number=number: turns.waiting == number + 1)
        turns.give_back(first)
    assert order == list(range(WRITERS))
    assert not turns.waiting


def test_owner_that_timed_out_leaves_the_queue():
    turns, first, second, third = Turns(), object(), object(), object()
    turns.take(first, 0)
    with pytest.raises(TimeoutError):
        turns.take(second, 0)
    turns.give_back(second)
    assert turns.is_held_by(first)
    turns.give_back(first)
    turns.take(third, 0)
    assert turns.is_held_by(third)


@pytest.mark.parametrize("write", [insert, insert_in_transaction])
def test_writers_are_served_in_the_order_of_arrival(open_database, write):
    """Check that single statements wait in the same queue as transactions."""
    first = open_database()
    begin(first)
    insert(first, 100)
    writers = [open_database() for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as threads:
        for number, wrapper in enumerate(writers):
            threads.submit(write, wrapper, number)
            wait_for(lambda number=number: first.turns.waiting == number + 1)
        # Readers do not wait.
        assert logged_writers(open_database()) == []
        end(first)
    assert logged_writers(first) == [100, *range(WRITERS)]


def end_by_rollback(wrapper: DatabaseWrapper) -> None:
    wrapper.rollback()
    wrapper.set_autocommit(True)


def end_by_closing(wrapper: DatabaseWrapper) -> None:
    wrapper.close()


@pytest.mark.parametrize("finish", [end, end_by_rollback, end_by_closing])
def test_turn_is_released_however_a_transaction_ends(open_database, finish):
    first, second = open_database(), open_database(timeout=0)
    begin(first)
    # The turn is reentrant: statements and savepoints of its own connection belong to it.
    first.in_atomic_block = True
    first.savepoint_commit(first.savepoint())
    first.in_atomic_block = False
    insert(first, 1)
    assert first.turns.is_held_by(first)
    finish(first)
    insert_in_transaction(second, 2)
    assert not second.turns.is_held_by(second)


def test_rows_that_a_write_returns_can_be_read_after_its_turn(open_database):
    first, second = open_database(), open_database(timeout=0)
    with first.cursor() as cursor:
        cursor.execute("INSERT INTO log (writer) VALUES (1), (2), (3), (4) RETURNING writer")
        insert(second, 5)
        assert cursor.fetchone() == (1,)
        assert cursor.fetchmany(2) == [(2,), (3,)]
        assert list(cursor) == [(4,)]
        assert cursor.fetchone() is None
        cursor.execute("SELECT count(*) FROM log")
        assert cursor.fetchone() == (5,)


def test_writer_that_times_out_gets_a_busy_error(open_database):
    first, second = open_database(), open_database(timeout=0.01)
    begin(first)
    for write in (insert, insert_in_transaction):
        with pytest.raises(OperationalError) as refusal:
            write(second, 2)
        assert is_busy(refusal.value)
        assert not second.in_atomic_block
    end(first)
    insert_in_transaction(second, 3)
    assert logged_writers(second) == [3]


def test_lock_of_another_process_leaves_the_turn_to_the_next_writer(open_database):
    """Check that a connection gives its turn back if BEGIN fails."""
    first, second = open_database(timeout=0.01), open_database(timeout=0.01)
    with closing(sqlite3.connect(first.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for wrapper in (first, second):
            for write in (insert, insert_in_transaction):
                with pytest.raises(OperationalError) as refusal:
                    write(wrapper, 1)
                assert is_busy(refusal.value)
                assert not wrapper.turns.is_held_by(wrapper)
        other.execute("ROLLBACK")
    insert_in_transaction(first, 1)
    insert(second, 2)
    assert logged_writers(first) == [1, 2]


def test_a_locked_database_is_not_mistaken_for_one_without_json(open_database):
    writer, reader = open_database(), open_database(timeout=0)
    writer.set_autocommit(False)
    insert(writer, 1)
    assert reader.features.supports_json_field
    writer.rollback()
