"""The thread that makes time count: about once a second it publishes what has fallen due."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Final

from django.db import close_old_connections

from liveblog import publishing
from newsroom.busy import is_busy

SECONDS_BETWEEN: Final = 1.0
LONGEST_WAIT: Final = 30.0
SECONDS_BETWEEN_PRUNING: Final = 3_600.0

logger = logging.getLogger(__name__)


class DueLoop:
    """Calls `publish_due` at once, so that what fell due while no server ran goes live, then every second.

    Each server process has one; the verb's row locks decide which of them does a thing.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._prune_at = -math.inf
        self._thread = threading.Thread(target=self._run, name="due", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """End the loop, waiting up to `patience` seconds for the pass that is under way."""
        self._stopping.set()
        self._thread.join(patience)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            failures = 0 if self._pass() else failures + 1
            self._stopping.wait(min(SECONDS_BETWEEN * 2**failures, LONGEST_WAIT))

    def _pass(self) -> bool:
        """Whether the pass went through."""
        try:
            publishing.publish_due(by=publishing.SYSTEM)
            if time.monotonic() >= self._prune_at:
                publishing.prune()
                self._prune_at = time.monotonic() + SECONDS_BETWEEN_PRUNING
        except Exception as error:
            # An outage of the database, and a mistake of ours too, must not end all schedules.
            if is_busy(error):
                logger.warning("The database is busy; what has fallen due waits: %s", error)
            else:
                logger.exception("What has fallen due could not be published; trying again")
            return False
        else:
            return True
        finally:
            close_old_connections()
