"""Archives: a public live blog as one zip file that can be read without this program or a network.

It has the page with all updates, corrections and tombstones, their JSON as in the API, running copy, and the
pictures that readers see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from lxml import html as document

from liveblog import publishing
from liveblog.articles.saved import write_blog
from liveblog.management import tables
from liveblog.models import Image, LiveBlog, Update
from liveblog.presentation import payloads, reading
from liveblog.presentation.timeline import days
from liveblog.presentation.views import BlogView, ImageView, UpdateView
from newsroom import hongkong
from newsroom.pictures import EXTENSIONS
from newsroom.site import absolute, identity

PICTURES: Final = "pictures"
STYLES: Final = "reader.css"


def write_archive(row: LiveBlog, path: Path) -> int:
    """Write the archive of a public live blog to `path` and return the number of its updates.

    The content may be newer than `row`, and is all of one moment. An existing file is replaced only once the
    new one is complete. Call this outside of transactions.
    """
    with tables.snapshot():
        row = LiveBlog.objects.complete().get(pk=row.pk)
        blog = reading.blog_in(row, None)
        visible_updates = Update.objects.filter(blog=blog.pk).visible()
        updates = reading.updates(blog, visible_updates.newest_first().complete())
        texts = list(_texts(row, blog, updates))
        images = _images(blog, updates)
    unfinished = path.with_name(f".{path.name}.unfinished")
    with ZipFile(unfinished, "w") as archive:
        for name, text in texts:
            archive.writestr(_entry(name, blog, ZIP_DEFLATED), text)
        for image in images:
            for name, picture in _renditions(image):
                archive.writestr(_entry(name, blog, ZIP_STORED), picture)
    unfinished.replace(path)
    return len(updates)


def _texts(row: LiveBlog, blog: BlogView, updates: list[UpdateView]) -> Iterator[tuple[str, str]]:
    yield "index.html", _page(blog, updates)
    yield STYLES, (settings.BASE_DIR / "static/css/reader.css").read_text(encoding="utf-8")
    coverage = {
        "blog": payloads.blog(blog),
        "updates": [payloads.update(update) for update in updates],
        "changes": [payloads.change(change) for change in row.changes.order_by("number")],
    }
    yield "coverage.json", json.dumps(coverage, ensure_ascii=False, indent=1) + "\n"
    yield "article.txt", write_blog(row).text


def _page(blog: BlogView, updates: list[UpdateView]) -> str:
    """Return the page. Its pictures and permalinks lead into the archive, all other links to the site."""
    local = [replace(update, images=tuple(map(_in_archive, update.images))) for update in updates]
    hero = _in_archive(blog.hero_image) if blog.hero_image else None
    with translation.override(blog.language):
        context = {
            "blog": replace(blog, hero_image=hero),
            "days": days(blog, local),
            "styles": STYLES,
            "site": identity(),
            "archived_at": hongkong.now(),
        }
        page = document.document_fromstring(render_to_string("management/archive.html", context))
    places = {update.get_absolute_url(): f"#update-{update.pk}" for update in updates}
    page.rewrite_links(lambda link: places.get(link) or absolute(link))
    written: str = document.tostring(page, encoding="unicode", doctype="<!doctype html>")
    return written


def _in_archive(image: ImageView) -> ImageView:
    return replace(image, base_url=f"{PICTURES}/{image.key}/")


def _images(blog: BlogView, updates: list[UpdateView]) -> list[Image]:
    keys = {image.key for update in updates for image in update.images}
    keys |= {blog.hero_image.key} if blog.hero_image else set()
    return list(Image.objects.filter(key__in=keys).order_by("key"))


def _renditions(image: Image) -> Iterator[tuple[str, bytes]]:
    for width in image.widths:
        for extension in EXTENSIONS:
            with publishing.open_private(image, width, extension) as file:
                yield f"{PICTURES}/{image.key}/{width}.{extension}", file.read()


def _entry(name: str, blog: BlogView, compression: int) -> ZipInfo:
    """Return a file's entry, dated with the time of the live blog's last change."""
    changed_at: datetime = hongkong.to_hong_kong(blog.modified_at or blog.created_at)
    entry = ZipInfo(name, changed_at.timetuple()[:6])
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry
