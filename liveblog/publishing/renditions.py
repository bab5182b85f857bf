"""Files of pictures: renditions are public only while a page shows the picture.

They are made once, when the picture is uploaded, and kept in private storage. Showing a picture copies them
to public storage; hiding it deletes the copies. The transaction that makes such file work necessary records
it as a row (`OwedFiles`). The work is done after the commit, or by the due loop if the process dies or the
disk is full, so a change never fails because of its files.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage, storages
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import visibility
from liveblog.models import Image, OwedFiles
from liveblog.models.media import new_key, original_path
from liveblog.visibility import PUBLIC
from newsroom import pictures
from newsroom.durable_storage import DurableStorage

# Longer than a request may take. Files that no row names by then belong to an upload that failed.
UPLOAD_TIME: Final = timedelta(minutes=15)
RETRY_AFTER: Final = timedelta(seconds=5)
# Pictures to process in one pass of the due loop.
BATCH: Final = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A picture whose files are stored under `key`. It has no row yet."""

    key: str
    file_name: str
    width: int
    height: int


@contextmanager
def stored(prepared: pictures.Prepared) -> Iterator[Upload]:
    """Save a new picture's files to private storage; delete them at the end if no row has been saved.

    Use this outside of any transaction, so that the row of OwedFiles is there even if the process dies.
    """
    key = new_key()
    file_name = original_path(Image(key=key), prepared.picture.name)
    OwedFiles.objects.create(key=key, due_at=timezone.now() + UPLOAD_TIME)
    try:
        _save_privately(key, prepared, file_name)
        yield Upload(key, file_name, prepared.width, prepared.height)
    finally:
        settle({key})


def take_over(upload: Upload) -> None:
    """Keep the files of an upload, in the transaction that saves its row.

    Raise ValidationError if the upload has taken so long that they may have been deleted.
    """
    rows = OwedFiles.objects.filter(key=upload.key, due_at__gt=timezone.now())
    if not rows.delete()[0]:
        raise ValidationError(_("The upload took too long. Please send the picture again."))


def _save_privately(key: str, prepared: pictures.Prepared, file_name: str) -> None:
    paths = {_private(key, *size): path for size, path in prepared.renditions.items()}
    for name, path in ({file_name: prepared.picture} | paths).items():
        with path.open("rb") as file:
            default_storage.save(name, File(file))


def open_private(image: Image, width: int, extension: str) -> File:
    """Open a private rendition, for editors, whether or not readers can see the picture.

    Raises FileNotFoundError if none has that size and format.
    """
    if (width, extension) not in _sizes(image):
        raise FileNotFoundError(image.rendition_path(width, extension))
    return default_storage.open(_private(image.key, width, extension))


def open_public(key: str, width: int, extension: str) -> File:
    """Open a rendition that readers may see now. Raises FileNotFoundError if there is none.

    While file work is pending, public files may be missing or about to be deleted, so check the rows instead.
    """
    if not OwedFiles.objects.filter(key=key).exists():
        return storages["public"].open(f"{key}/{width}.{extension}")
    if not visibility.readable_images(PUBLIC).filter(key=key).exists():
        raise FileNotFoundError(errno.ENOENT, "No page shows the picture", key)
    return default_storage.open(_private(key, width, extension))


def show_or_hide(images: Iterable[Image]) -> None:
    """Publish each picture's renditions if a page shows it, and remove them otherwise, after the commit."""
    keys = {image.key for image in images}
    if keys:
        _owe(keys)
        # The change is committed by then, so a failure here must not be reported as a failure of the change.
        transaction.on_commit(lambda: settle(keys), robust=True)


def remove_unused(images: Iterable[Image]) -> None:
    """Delete the pictures that nothing uses any more, and hide those that no page shows any more."""
    images = list(images)
    for image in images:
        if not (image.update_images.exists() or image.hero_of.exists()):
            Image.objects.filter(pk=image.pk).delete()
    show_or_hide(images)


def settle_due() -> bool:
    """Do a batch of the file work that is due; return whether there was any."""
    rows = OwedFiles.objects.due(timezone.now())
    keys = set(rows.values_list("key", flat=True)[:BATCH])
    if keys:
        settle(keys)
    return bool(keys)


def settle_everything() -> None:
    """Do all file work that is due. Work that fails stays pending."""
    while settle_due():
        pass


def owe_all() -> None:
    """Schedule file work for every picture, and the removal of other files, after a backup was restored."""
    _owe(set(Image.objects.values_list("key", flat=True)))
    owe_strays(timedelta(0))


def owe_strays(after: timedelta = UPLOAD_TIME) -> None:
    """Schedule the removal of files that no row names. By default, wait for uploads that may be under way."""
    places = [(_public(), ""), (_default(), "originals"), (_default(), "renditions")]
    keys = {key for storage, folder in places for key in storage.directories(folder)}
    keys -= set(Image.objects.values_list("key", flat=True))
    _owe(keys - set(OwedFiles.objects.values_list("key", flat=True)), after)


def _owe(keys: set[str], after: timedelta = timedelta(0)) -> None:
    due_at = timezone.now() + after
    # The directories of other programs may have longer names.
    rows = [OwedFiles(key=key, due_at=due_at) for key in sorted(keys) if len(key) <= 16]
    OwedFiles.objects.bulk_create(rows, batch_size=500)


def settle(keys: set[str]) -> None:
    """Make the files of pictures match their rows, and repeat until the rows no longer change.

    Another process may withdraw a picture after the rows are read here and before the files are written. It
    finds no file to delete, and the one written here would stay, so read the rows again after writing. If a
    file cannot be written or deleted now, its work stays pending.
    """
    debts = list(OwedFiles.objects.filter(key__in=keys).values_list("pk", "key"))
    keys = {key for _id, key in debts}
    failed_keys: set[str] = set()
    rows = None
    while keys and (current := _rows(keys)) != rows:
        rows = current
        failed_keys = {key for key in keys if not _could_settle(key, *rows.get(key, (None, False)))}
    OwedFiles.objects.filter(pk__in=[pk for pk, key in debts if key not in failed_keys]).delete()
    if failed_keys:
        retried = OwedFiles.objects.filter(pk__in=[pk for pk, key in debts if key in failed_keys])
        retried.update(due_at=timezone.now() + RETRY_AFTER)


def _rows(keys: set[str]) -> dict[str, tuple[Image, bool]]:
    """Return each picture that has a row by its key, with whether a page shows it."""
    images = Image.objects.in_bulk(keys, field_name="key")
    shown_keys = set(visibility.readable_images(PUBLIC).filter(key__in=keys).values_list("key", flat=True))
    return {key: (image, key in shown_keys) for key, image in images.items()}


def _could_settle(key: str, image: Image | None, is_shown: bool) -> bool:
    try:
        _settle(key, image, is_shown)
    except OSError as error:
        logger.warning("The files of picture %s could not be written or deleted, will retry: %s", key, error)
        return False
    return True


def _settle(key: str, image: Image | None, is_shown: bool) -> None:
    if image is None or not is_shown:
        _public().remove_directory(key)
    if image is None:
        _default().remove_directory(f"originals/{key}")
        _default().remove_directory(f"renditions/{key}")
    elif is_shown:
        _publish(image)


def _publish(image: Image) -> None:
    """Copy the renditions to public storage, unless they are there and complete."""
    public = _public()
    for size in _sizes(image):
        path, source = image.rendition_path(*size), _private(image.key, *size)
        # Earlier releases left truncated files when the disk was full.
        if not public.exists(path) or public.size(path) != default_storage.size(source):
            with default_storage.open(source) as rendition:
                public.save(path, rendition)


def _sizes(image: Image) -> list[tuple[int, str]]:
    return [(width, extension) for width in image.widths for extension in pictures.EXTENSIONS]


def _private(key: str, width: int, extension: str) -> str:
    return f"renditions/{key}/{width}.{extension}"


def _default() -> DurableStorage:
    return cast(DurableStorage, storages["default"])


def _public() -> DurableStorage:
    return cast(DurableStorage, storages["public"])
