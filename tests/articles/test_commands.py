"""The import_article and export_article commands."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from liveblog.articles.characters import MAX_BYTES
from liveblog.models import LiveBlog, Update
from tests.articles.loading import COPY

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy.txt"
    path.write_text(COPY)
    return path


def run(command: str, *arguments: object) -> tuple[str, str]:
    """Run a management command and return what it wrote to standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_import_prints_title_updates_doubts_and_unresolved_stories(copy: Path) -> None:
    copy.write_text(COPY.replace("修復完成", "修復是否完成?\n未有答案。\n修復完成"))
    assert run("import_article", copy, "--blog", "lighthouse", "--publish") == (
        """\
Title: 燈塔 ︱ 百年燈塔重新亮燈
Published: 2026-03-19 10:00 Hong Kong time
Language: zh-hant; coverage runs
Standfirst: 1 paragraph, 1 related story
Notation: this product's own
2026年3月20日
  00:30 首晚亮燈: 2 paragraphs, a list of 2, 1 related story
          Related: 修復工程全紀錄
  --:-- 燈塔志願者獲嘉許: 1 paragraph
2026年3月19日
  --:-- 修復是否完成?: 1 paragraph
  10:05 修復完成: 1 paragraph
  09:00 (no heading): 1 paragraph
Not sure of:
  line 15: Read as a heading, though it could be a sentence.
Related stories that lead nowhere yet:
  燈塔︱開放時間一覽 (standfirst)
  修復工程全紀錄 (“首晚亮燈”)
New live blog lighthouse (live): 5 added.
""",
        "",
    )


def test_dry_run_saves_nothing(copy: Path) -> None:
    output, _errors = run("import_article", copy, "--dry-run")
    assert output.endswith("New live blog live-2026-03-19 (draft): 4 added.\nDry run: nothing was saved.\n")
    assert LiveBlog.objects.count() == 0


def test_import_of_newer_copy_reports_changed_and_withdrawn_updates(copy: Path) -> None:
    run("import_article", copy, "--blog", "lighthouse", "--publish")
    copy.write_text(COPY.replace("【09:00】最後測試完成。\n", "").replace("工程隊離開", "工程隊已離開"))
    output, _errors = run(
        "import_article", copy, "--blog", "lighthouse", "--withdraw-missing", "--note", "更正。"
    )
    assert output[output.index("Changed:") :] == (
        """\
Changed:
  line 15: “修復完成”
No longer in the article, withdrawn:
  2026-03-19 【09:00】
Related stories that lead nowhere yet:
  燈塔︱開放時間一覽 (standfirst)
  修復工程全紀錄 (“首晚亮燈”)
Live blog lighthouse (live): 1 changed, 2 unchanged, 1 withdrawn.
"""
    )
    assert Update.objects.get(heading="修復完成").revisions.first().note == "更正。"


def test_export_prints_the_imported_article(copy: Path) -> None:
    run("import_article", copy, "--blog", "lighthouse", "--publish")
    assert run("export_article", "lighthouse") == (COPY, "")


def test_import_reads_standard_input(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(COPY.encode("big5hkscs"))))
    run("import_article", "-", "--blog", "lighthouse", "--publish")
    assert run("export_article", "lighthouse")[0] == COPY


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "line 1: The file is empty."),
        (b"\x00\x01\x02" * 100, "line 1: This is a binary file, not text."),
        (COPY.replace("10:05", "29:99").encode(), "line 16: There is no such time. (【29:99】工程隊離開。)"),
        (
            COPY.partition("\n")[2].encode(),
            "line 1: The title is missing: the first line has to be kicker︱headline.",
        ),
        (
            b"x" * (50 * 1024 * 1024),
            "line 1: The file is too large for an article: it has more than 2 MB by this line.",
        ),
    ],
    ids=["empty", "binary", "29:99", "no title", "50 MB"],
)
def test_bad_input_gets_one_error_and_saves_nothing(copy: Path, data: bytes, complaint: str) -> None:
    copy.write_bytes(data)
    assert MAX_BYTES < 50 * 1024 * 1024
    with pytest.raises(CommandError) as excinfo:
        run("import_article", copy, "--publish")
    assert (str(excinfo.value), excinfo.value.returncode) == (f"{copy}, {complaint}", 2)
    assert LiveBlog.objects.count() == 0


def test_missing_file_and_unknown_blog_exit_with_code_2(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as excinfo:
        run("import_article", tmp_path / "none.txt")
    assert (str(excinfo.value), excinfo.value.returncode) == (
        f"{tmp_path / 'none.txt'} cannot be read: {os.strerror(2)}",
        2,
    )
    with pytest.raises(CommandError) as excinfo:
        run("export_article", "none")
    assert (str(excinfo.value), excinfo.value.returncode) == ("There is no live blog with the slug none.", 2)


def test_second_import_requires_blog_or_new_option(copy: Path) -> None:
    run("import_article", copy, "--blog", "lighthouse", "--publish")
    with pytest.raises(CommandError) as excinfo:
        run("import_article", copy, "--publish")
    assert excinfo.value.returncode == 2
    assert "--blog lighthouse" in str(excinfo.value)
    assert LiveBlog.objects.count() == 1
    run("import_article", copy, "--new")
    assert LiveBlog.objects.count() == 2


def test_missing_title_and_time_can_be_given_as_options(copy: Path) -> None:
    copy.write_text(
        "17.20 BST\nHarbour opens\nThe harbour is open.\n16.05 BST\nCrowds wait\nCrowds are waiting.\n"
    )
    with pytest.raises(CommandError, match="title"):
        run("import_article", copy)
    options = ("--title", "Harbour opens", "--published-at", "2026-07-19T00:30")
    output, _errors = run("import_article", copy, *options)
    assert "  00:20 Harbour opens: 1 paragraph" in output
    assert "Notation: times as 17.20 BST, headings below them, newest first, in BST" in output
