"""Public access to pictures: renditions are public only while a page shows the picture.

They are made once, when the picture is prepared, and kept in private storage. Showing a picture copies them
to public storage, hiding it deletes the copies. Both happen after the change that causes them is committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.core.files import File
from django.core.files.storage import Storage, default_storage, storages
from django.db import transaction

from liveblog import visibility
from liveblog.models import Image
from liveblog.visibility import PUBLIC
from newsroom import pictures


def keep(image: Image, prepared: pictures.Prepared) -> None:
    """Save a new picture's renditions to private storage."""
    for (width, extension), path in prepared.renditions.items():
        with path.open("rb") as rendition:
            default_storage.save(_private(image, width, extension), File(rendition))


def open_private(image: Image, width: int, extension: str) -> File:
    """Open a private rendition, for editors, whether or not readers can see the picture.

    Raises FileNotFoundError if there is none of that size and format.
    """
    if (width, extension) not in _sizes(image):
        raise FileNotFoundError(image.rendition_path(width, extension))
    return default_storage.open(_private(image, width, extension))


def show_or_hide(images: Iterable[Image]) -> None:
    """After commit, publish each picture's renditions if a page shows it, and remove them otherwise."""
    ids = {image.pk for image in images}
    if ids:
        transaction.on_commit(lambda: _settle(ids))


def remove_images(images: Iterable[Image]) -> None:
    """Delete pictures that nothing uses any more: rows now, files after commit."""
    for image in images:
        if image.update_images.exists() or image.hero_of.exists():
            continue
        original = str(image.file.name)
        files = [_private(image, width, extension) for width, extension in _sizes(image)]
        public = [image.rendition_path(width, extension) for width, extension in _sizes(image)]
        image.delete()
        transaction.on_commit(partial(_delete, default_storage, [original, *files]))
        transaction.on_commit(partial(_delete, storages["public"], public))


def _settle(ids: set[int]) -> None:
    """Make the public files match the rows, and repeat until the rows no longer change.

    Another process may withdraw the picture after the rows are read here and before the files are written. It
    finds no file to delete, and the one written here would stay, so read the rows again after writing.
    """
    visible_ids = None
    while (current_ids := _shown(ids)) != visible_ids:
        visible_ids = current_ids
        _write_public(ids, visible_ids)


def _shown(ids: set[int]) -> set[int]:
    return set(visibility.readable_images(PUBLIC).filter(pk__in=ids).values_list("pk", flat=True))


def _write_public(ids: set[int], visible_ids: set[int]) -> None:
    public = storages["public"]
    for image in Image.objects.filter(pk__in=ids):
        paths = [(image.rendition_path(*size), _private(image, *size)) for size in _sizes(image)]
        if image.pk not in visible_ids:
            _delete(public, [path for path, _source in paths])
            continue
        for path, source in paths:
            if not public.exists(path):
                with default_storage.open(source) as rendition:
                    saved_as = public.save(path, rendition)
                if saved_as != path:
                    # Another process wrote the file first. Under its alternative name, nothing would ever
                    # delete it.
                    public.delete(saved_as)


def _sizes(image: Image) -> list[tuple[int, str]]:
    return [(width, extension) for width in image.widths for extension in pictures.EXTENSIONS]


def _private(image: Image, width: int, extension: str) -> str:
    return f"renditions/{image.rendition_path(width, extension)}"


def _delete(storage: Storage, names: list[str]) -> None:
    for name in names:
        storage.delete(name)
