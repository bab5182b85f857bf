"""Page scripts: a single built file for readers, native modules for the desk."""

from __future__ import annotations

import gzip
import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from newsroom import static_files
from newsroom.static_files import PAGE_MODULE, StaticFiles
from tests import npm, page_script
from tests.factories import make_blog, make_person


def test_built_page_script_is_up_to_date():
    assert page_script.BUILT.read_text().startswith(f"{page_script.head()}\n"), "Run make script."


@pytest.mark.slow
def test_make_script_builds_the_committed_file(tmp_path):
    if npm.install("esbuild") is None:
        pytest.skip("npm cannot install esbuild here.")
    page_script.build(tmp_path / "page.js")
    assert (tmp_path / "page.js").read_bytes() == page_script.BUILT.read_bytes()


def test_built_page_script_stays_within_9_kilobytes():
    assert len(gzip.compress(page_script.BUILT.read_bytes())) <= 9 * 1024


def test_production_serves_the_built_script_as_the_page_module(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "newsroom.static_files.StaticFiles"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    storage = StaticFiles()
    name = storage.stored_name(PAGE_MODULE)
    assert (tmp_path / name).read_bytes() == page_script.BUILT.read_bytes()
    assert re.fullmatch(r"js/page\.[0-9a-f]{12}\.js", name)
    assert static_files.with_imports.__wrapped__(storage.url(PAGE_MODULE)) == (storage.url(PAGE_MODULE),)


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "script"), [("", "desk.js"), ("paste/", "paste.js")])
def test_desk_preloads_every_module_that_its_script_imports(client, path, script):
    blog = make_blog(slug="storm")
    client.force_login(make_person("Chief editor"))
    page = client.get(f"/admin/liveblog/liveblog/{blog.pk}/desk/{path}").content.decode()
    preloads = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    first, *imports = static_files.with_imports(staticfiles_storage.url(f"js/desk/{script}"))
    assert preloads == imports != []
    assert f'<script type="module" src="{first}"></script>' in page


def test_style_sheets_have_no_important_declarations():
    sheets = page_script.STATIC.glob("css/*.css")
    assert [sheet.name for sheet in sheets if "!important" in sheet.read_text()] == []
