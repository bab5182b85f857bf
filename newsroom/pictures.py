"""Uploaded pictures: validation by header, then decoding and resizing in a separate process.

The uploaded file is not stored, only the picture re-encoded: upright, in sRGB and on white. This removes
locations, camera data, names of sources and any appended data, and the stored size is that of the picture as
shown. Newsrooms that need original files for verification must store them elsewhere.
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
from typing import IO, Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from newsroom import picture_headers
from newsroom.picture_headers import CostlyPicture, UnreadablePicture
from newsroom.picture_sizes import EXTENSIONS, MEDIA_TYPES, widths_for

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "Limits", "Prepared", "prepare", "widths_for"]

MAX_BYTES: Final = 25 * 1024 * 1024
# How many pictures one machine decodes at once, regardless of its number of server processes.
SLOTS: Final = 2
# Together with the worker's time limit, this is less than the minute that proxies wait for a response.
SECONDS_FOR_SLOT: Final = 10.0
_SECONDS_BETWEEN_TRIES: Final = 0.05

# The worker gets this process's module path but not its environment, which contains secrets. Use a single
# malloc arena, because each arena reserves address space even if it is unused.
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
_REFUSALS: Final = {
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
    """A worker's limits: processor time and elapsed time in seconds, and address space in bytes."""

    processor_seconds: int = 40
    seconds: float = 45.0
    memory: int = 1280 * 1024 * 1024


LIMITS: Final = Limits()


@dataclass(frozen=True)
class Prepared:
    """The picture to store and its renditions by width and extension, as files in a temporary directory."""

    picture: Path
    width: int
    height: int
    renditions: dict[tuple[int, str], Path]


@contextmanager
def prepare(file: IO[bytes], limits: Limits = LIMITS) -> Iterator[Prepared]:
    """Check an upload, decode it in a worker and yield the resulting files, which exist within the context.

    The format is detected from the content, not from the file name. Raises ValidationError with a message for
    the editor if the file is not a picture, is too expensive by its header, or makes the worker fail.
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


def _check_header(file: IO[bytes]) -> None:
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
    """Acquire one of the machine's decoding slots. Raise ValidationError if none becomes free in time."""
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
    """Lock a free slot; return the file descriptor, or None. The kernel releases it if the process dies."""
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
    """Run the worker in `place` and return its answer, or the refusal `failed` if it fails in any way."""
    arguments = [str(place / _UPLOAD), str(limits.processor_seconds), str(limits.memory)]
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
        if status == 0 and isinstance(parsed := _parsed(answer.read(_MAX_ANSWER)), dict):
            return parsed
        reason = errors.read(_MAX_ANSWER).decode(errors="replace").strip().rpartition("\n")[2]
        logger.warning("A picture could not be decoded: worker's status %s %s", status, reason)
        return {"refusal": "failed"}


def _parsed(answer: bytes) -> object:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def _prepared(place: Path, answer: dict[str, Any]) -> Prepared:
    """Validate a worker's answer and files, which are as untrusted as the upload itself."""
    if "refusal" in answer:
        raise ValidationError(_REFUSALS.get(str(answer["refusal"]), _FAILED))
    file_name, width, height = (answer.get(name) for name in ("file_name", "width", "height"))
    if file_name not in _KEPT or not (isinstance(width, int) and isinstance(height, int)):
        raise ValidationError(_FAILED)
    _check(lambda: picture_headers.check_size(width, height))
    sizes = [(rendition, extension) for rendition in widths_for(width) for extension in EXTENSIONS]
    renditions = {size: place / "{}.{}".format(*size) for size in sizes}
    files = [place / file_name, *renditions.values()]
    # A symbolic link could make the server publish one of its own files.
    if any(path.is_symlink() or not path.is_file() for path in files):
        raise ValidationError(_FAILED)
    return Prepared(place / file_name, width, height, renditions)
