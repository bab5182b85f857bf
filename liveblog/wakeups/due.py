"""A background thread that does scheduled work and pending file work about once a second."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Final

from django.db import close_old_connections

from liveblog import publishing
from newsroom import metrics
from newsroom.busy import is_busy

SECONDS_BETWEEN: Final = 1.0
LONGEST_WAIT: Final = 30.0
SECONDS_BETWEEN_PRUNING: Final = 3_600.0

logger = logging.getLogger(__name__)


class DueLoop:
    """A thread that calls `publish_due` and `settle_due` immediately and then every second.

    The first call does what fell due while no server ran. Each server process has one such thread; the
    verb's row locks decide which of them publishes an update.
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
        """Stop the loop, waiting up to `patience` seconds for the current pass."""
        self._stopping.set()
        self._thread.join(patience)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            is_done = self._pass()
            metrics.DUE_PASSES.labels("done" if is_done else "failed").inc()
            failures = 0 if is_done else failures + 1
            self._stopping.wait(min(SECONDS_BETWEEN * 2**failures, LONGEST_WAIT))

    def _pass(self) -> bool:
        """Publish what is due, and prune now and then; return whether that succeeded."""
        try:
            publishing.publish_due(by=publishing.SYSTEM)
            publishing.settle_due()
            if time.monotonic() >= self._prune_at:
                publishing.prune()
                publishing.expire_responses(by=publishing.SYSTEM)
                self._prune_at = time.monotonic() + SECONDS_BETWEEN_PRUNING
        except Exception as error:
            # Neither a database outage nor a bug of ours may stop all scheduled work, so catch everything.
            if is_busy(error):
                logger.warning("The database is busy; scheduled work waits: %s", error)
            else:
                logger.exception("Scheduled work could not be done; trying again")
            return False
        else:
            return True
        finally:
            close_old_connections()
