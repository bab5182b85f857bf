"""Upgrades behind nginx: every page is styled and current at once, even that of an ended live blog."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from liveblog import publishing
from liveblog.publishing import SYSTEM
from tests.conftest import serving
from tests.environment import ROOT
from tests.factories import make_blog, make_update
from tests.security.proxies import PRODUCTION, Authority, Proxy, nginx
from tests.security.wire import Response
from tests.waiting import find_free_port, wait_for

pytestmark = pytest.mark.any_database

RELEASED = ["liveblog", "locale", "newsroom", "static", "templates", "manage.py", "requirements.txt"]
SECOND = "第二版"
PATHS = ["/live/storm/", "/", "/embed/storm/"]


def release_into(place: Path) -> Path:
    """Copy the project to `place`, as a release is unpacked on a server, and return `place`."""
    for name in RELEASED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


def collect_static(place: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(command, cwd=place, env=environment, check=True)


def style_of(page: Response) -> str:
    return re.search(r'href="(/static/css/[^"]+)"', page.body.decode())[1]


@pytest.fixture
def environment(production_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    overrides = {"DATA_DIR": str(tmp_path / "data"), "ALLOWED_HOSTS": "127.0.0.1"}
    return production_environment | PRODUCTION | overrides


def test_upgrade_behind_nginx_serves_styled_and_current_pages_at_once(
    transactional_db, environment, tmp_path
):
    first, second = release_into(tmp_path / "first"), release_into(tmp_path / "second")
    with (second / "static/css/reader.css").open("a") as styles:
        styles.write("\n.second { color: inherit; }\n")
    for name in ("_base.html", "_embed_base.html"):
        template = second / "templates/reader" / name
        template.write_text(template.read_text().replace("</body>", f"<!-- {SECOND} --></body>"))
    blog = make_blog(slug="storm")
    make_update(blog)
    publishing.end_coverage(blog, by=SYSTEM)
    port, authority = find_free_port(), Authority()
    authority.issue(tmp_path)
    direct = Proxy(f"http://127.0.0.1:{port}", "")
    collect_static(first, environment)
    with nginx(tmp_path, direct.url, {}) as (tls_port, _plain):
        proxy = Proxy(f"https://127.0.0.1:{tls_port}", "", authority.context)
        with serving(environment, first, port):
            pages = {path: proxy.get(path) for path in PATHS}
            collect_static(second, environment)
        # While the server restarts, nginx serves stale pages (stale-if-error).
        assert [proxy.get(path).status for path in PATHS] == [200] * len(PATHS)
        with serving(environment, second, port):
            for path, page in pages.items():
                # A browser with the old page revalidates it by ETag, and its style sheet still exists.
                current = direct.get(path, If_None_Match=page.headers["etag"])
                assert (current.status, SECOND in current.body.decode()) == (200, True), path
                assert direct.get(style_of(page)).status == 200
                wait_for(lambda path=path: SECOND in proxy.get(path).body.decode(), seconds=5)
            style = style_of(proxy.get("/live/storm/"))
            assert style != style_of(pages["/live/storm/"])
            assert ".second" in proxy.get(style).body.decode()
