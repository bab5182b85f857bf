"""Uploaded pictures: what is refused by its header, and the rest decoded and resized in a process of its own.

Not the file that was sent is kept but the picture in it: upright, in sRGB on white, re-encoded. So no place,
camera or name of a source stays anywhere, nothing rides along behind the picture, and what is kept has the
size of what is shown. Who needs the file itself, to verify it, keeps it elsewhere.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsroom import picture_headers
from newsroom.picture_headers import CostlyPicture, UnreadablePicture
from newsroom.picture_sizes import EXTENSIONS, MEDIA_TYPES, widths_for

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "Limits", "Prepared", "prepare", "widths_for"]

MAX_BYTES: Final = 25 * 1024 * 1024
# How many pictures one machine decodes at once, whatever number of server processes it runs.
SLOTS: Final = 2
# With the worker's own time, less than the minute that proxies wait for an answer.
SECONDS_FOR_SLOT: Final = 10.0
_SECONDS_BETWEEN_TRIES: Final = 0.05

# The worker finds what this process finds, and none of its environment: there are secrets in it. One arena of
# memory, because each reserves address space whether or not it is used.
_ROOT: Final = Path(__file__).resolve().parent.parent
_WORKER_ENVIRONMENT: Final = {
    "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)]),
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "1",
}
WORKER: Final = (sys.executable, "-P", "-m", "newsroom.picture_worker")
_UPLOAD: Final = "upload"
_KEPT: Final = ("picture.png", "picture.jpg")
_MAX_ANSWER: Final = 4_096

_UNREADABLE: Final = _("This file is not a picture that can be read: use JPEG, PNG, WebP, AVIF or GIF.")
_FAILED: Final = _(
    "This picture could not be processed: it takes too much time or memory, or it is damaged. "
    "Save it again, smaller or as JPEG."
)
_REFUSALS: Final[dict[str, Promise]] = {
    "many_pixels": _("The picture has more than 50 million pixels."),
    "tall": _("The picture is too high for its width: cut it into several."),
    "wide": _("The picture is too wide for its height: cut it into several."),
    "many_scans": _("This JPEG has too many progressive scans: save it again as an ordinary JPEG."),
    "unreadable": _UNREADABLE,
    "failed": _FAILED,
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one worker may use: seconds of processor time and of waiting, and bytes of address space."""

    processor_seconds: int = 40
    seconds: float = 45.0
    memory: int = 1280 * 1024 * 1024


LIMITS: Final = Limits()


@dataclass(frozen=True)
class Prepared:
    """A picture that is kept, and its renditions by width and extension: files in a temporary directory."""

    kept: Path
    width: int
    height: int
    renditions: dict[tuple[int, str], Path]


@contextmanager
def prepare(file: BinaryIO, limits: Limits = LIMITS) -> Iterator[Prepared]:
    """Check an upload, decode it in a worker and give the files made of it, until the context ends.

    The format is read from the content, whatever the file is called. Raises ValidationError, in the editor's
    words, for what is no picture, what its header shows to cost too much, and what makes the worker fail.
    """
    _check_header(file)
    with tempfile.TemporaryDirectory(prefix="newsroom-picture-") as name:
        place = Path(name)
        with (place / _UPLOAD).open("wb") as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
        with _slot():
            answer = _run_worker(place, limits)
        yield _prepared(place, answer)


def _check_header(file: BinaryIO) -> None:
    if file.seek(0, os.SEEK_END) > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 25 MB."))
    _check(lambda: picture_headers.check(file))


def _check(rule: Callable[[], object]) -> None:
    try:
        rule()
    except UnreadablePicture as error:
        raise ValidationError(_UNREADABLE) from error
    except CostlyPicture as error:
        raise ValidationError(_REFUSALS[error.reason]) from error


@contextmanager
def _slot() -> Iterator[None]:
    """Wait for one of the machine's places to decode in. Raise ValidationError when none becomes free."""
    place = settings.DATA_DIR / "locks"
    place.mkdir(mode=0o700, exist_ok=True)
    deadline = time.monotonic() + SECONDS_FOR_SLOT
    while (slot := _free_slot(place)) is None:
        if time.monotonic() > deadline:
            raise ValidationError(_("Other pictures are being processed. Try again in a minute."))
        time.sleep(_SECONDS_BETWEEN_TRIES)
    try:
        yield
    finally:
        os.close(slot)


def _free_slot(place: Path) -> int | None:
    """The descriptor of a slot's lock, or None. The system lets go of it with the process that held it."""
    for number in range(SLOTS):
        slot = os.open(place / f"picture-{number}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(slot)
        else:
            return slot
    return None


def _run_worker(place: Path, limits: Limits) -> dict[str, Any]:
    """Run the worker in `place` and return its answer; a worker that fails in any way answers `failed`."""
    arguments = [place / _UPLOAD, str(limits.processor_seconds), str(limits.memory)]
    with (place / "answer").open("w+b") as answer, (place / "errors").open("w+b") as errors:
        worker = subprocess.Popen(
            [*WORKER, *arguments],
            cwd=place,
            env=_WORKER_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=errors,
        )
        try:
            status = worker.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            worker.kill()
            worker.wait()
        answer.seek(0)
        errors.seek(0)
        if status == 0 and isinstance(said := _parsed(answer.read(_MAX_ANSWER)), dict):
            return said
        reason = errors.read(_MAX_ANSWER).decode(errors="replace").strip().rpartition("\n")[2]
        logger.warning("A picture could not be decoded: worker's status %s %s", status, reason)
        return {"refusal": "failed"}


def _parsed(answer: bytes) -> object:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def _prepared(place: Path, answer: dict[str, Any]) -> Prepared:
    """What a worker made. It has read a stranger's file, so its answer is believed no more than that file."""
    if "refusal" in answer:
        raise ValidationError(_REFUSALS.get(str(answer["refusal"]), _FAILED))
    kept, width, height = (answer.get(name) for name in ("kept", "width", "height"))
    if kept not in _KEPT or not (isinstance(width, int) and isinstance(height, int)):
        raise ValidationError(_FAILED)
    _check(lambda: picture_headers.check_size(width, height))
    sizes = [(rendition, extension) for rendition in widths_for(width) for extension in EXTENSIONS]
    renditions = {size: place / "{}.{}".format(*size) for size in sizes}
    files = [place / kept, *renditions.values()]
    # A link would make the server publish a file of its own.
    if any(path.is_symlink() or not path.is_file() for path in files):
        raise ValidationError(_FAILED)
    return Prepared(place / kept, width, height, renditions)
