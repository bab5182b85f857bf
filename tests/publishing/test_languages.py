"""Language tags: passages in another language are tagged on save, and editors never see the tags."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.utils import translation

from liveblog import publishing
from liveblog.articles.saved import digest, entry_of, html_of, is_as_imported, write_blog
from liveblog.desk import composer
from liveblog.models import Change, Update
from liveblog.publishing import SYSTEM, Content, fingerprint
from tests import work
from tests.change_log import kinds
from tests.factories import NOON, edit_blog, make_blog, make_update, make_user

pytestmark = pytest.mark.django_db

MIXED = "<p>停火。</p><p>Both sides agree.</p><p>他說：<q>We agree.</q></p>"
TAGGED = '<p>停火。</p><p lang="en">Both sides agree.</p><p>他說：<q lang="en">We agree.</q></p>'
IN_ENGLISH = (
    '<p lang="zh-Hant-HK">停火。</p><p>Both sides agree.</p>'
    '<p lang="zh-Hant-HK">他說：<q lang="en">We agree.</q></p>'
)


def test_every_verb_that_saves_text_tags_it():
    blog = make_blog(summary=MIXED)
    draft = publishing.draft_update(blog, Content("草稿", MIXED), by=SYSTEM)
    published = make_update(blog, body=MIXED)
    corrected = make_update(blog)
    publishing.edit_update(corrected, Content("消息", MIXED, NOON), by=SYSTEM)
    assert blog.summary == TAGGED
    assert set(Update.objects.values_list("body", flat=True)) == {TAGGED}
    assert publishing.submit_update(blog, by=SYSTEM, update=draft).body == TAGGED
    assert published.revisions.get().content["body"] == TAGGED


def test_submitted_language_tags_are_replaced():
    blog = make_blog()
    update = make_update(blog, body='<p lang="zh-Hans">Both sides agree.</p><p lang="de">停火</p>')
    assert update.body == '<p lang="en">Both sides agree.</p><p>停火</p>'


def test_saving_unchanged_text_without_tags_records_no_change():
    blog = make_blog()
    update = make_update(blog, body=MIXED)
    update.refresh_from_db()
    opened = composer.opened(update, make_user("*"))
    assert opened.form.initial["body"] == MIXED
    content = replace(Content.of(update), body=opened.form.initial["body"])
    publishing.edit_update(update, content, by=SYSTEM, seen=opened.form.initial["seen"])
    blog.refresh_from_db()
    assert kinds(blog)[-1] == Change.Kind.PUBLISHED


def test_changing_the_blog_language_retags_updates_and_numbers_published_ones():
    blog = make_blog(summary=MIXED)
    published, plain = make_update(blog, body=MIXED), make_update(blog, "圖", body="<p>123</p>")
    draft = publishing.draft_update(blog, Content("草稿", MIXED), by=SYSTEM)
    opened = fingerprint(Content.of(draft))
    before = len(kinds(blog))

    blog = edit_blog(blog, language="en")

    assert blog.summary == IN_ENGLISH
    for update in (published, draft):
        update.refresh_from_db()
        assert update.body == IN_ENGLISH
    assert kinds(blog)[before:] == [Change.Kind.BLOG_EDITED, Change.Kind.EDITED]
    assert (published.number, plain.number) == (blog.number, blog.number - 2)
    # An editor who has the draft open can still save it.
    publishing.draft_update(blog, Content("草稿二", MIXED), by=SYSTEM, update=draft, seen=opened)
    assert edit_blog(blog, language="zh-hant").summary == TAGGED


def test_edition_is_tagged_by_its_converted_text(client):
    blog = make_blog(slug="talks")
    make_update(blog, "消息", body=MIXED, edition_wording="We agree.=我们同意。\n停火。=Cease fire.")
    page = client.get("/zh-hans/live/talks/").content.decode()
    assert re.search(r'<p lang="en">Cease fire\.</p>\s*<p lang="en">Both sides agree\.</p>', page)
    assert "<q>我们同意。</q>" in page


def test_running_copy_contains_no_language_tags():
    blog = make_blog()
    make_update(blog, "消息", body=MIXED)
    copy = write_blog(blog)
    assert "lang=" not in copy.text
    assert "Both sides agree." in copy.text
    # Every quotation causes this warning.
    assert [str(warning) for warning in copy.warnings] == ["“消息”: 引文失去標記。"]


def test_untouched_import_with_language_tags_counts_as_imported():
    update = make_update(make_blog(), "消息", body="<p>Both sides agree.</p><p>停火。</p>")
    assert "lang=" in update.body
    assert html_of(entry_of(update).blocks) == "<p>Both sides agree.</p><p>停火。</p>"
    update.imported_hash = digest(entry_of(update))
    assert is_as_imported(update)


def test_printing_adds_no_tags_and_takes_constant_work():
    template = Template("{% load liveblog %}{{ text|cleaned }}")

    def print_text(size: int) -> str:
        return template.render(Context({"text": "<p>One two</p>" * size}))

    with translation.override("zh-hant"):
        assert print_text(1) == "<p>One two</p>"
        assert work.count_calls(lambda: print_text(2_000)) == work.count_calls(lambda: print_text(1))


@pytest.mark.parametrize(
    "wording",
    [
        "\n".join(f"甲{number}=乙" for number in range(101)),
        f"{'甲' * 81}=乙",
        f"甲={'乙' * 81}",
    ],
)
def test_wordings_are_bounded_in_number_and_length(wording):
    blog = make_blog()
    with pytest.raises(ValidationError) as refusal:
        make_update(blog, edition_wording=wording)
    assert list(refusal.value.message_dict) == ["edition_wording"]
    assert not blog.updates.exists()


def test_wordings_and_terms_are_stored_without_line_breaks_and_control_characters():
    update = make_update(make_blog(), edition_wording="甲\x01  乙 =\t丙\n\n丁＝戊")
    assert update.wording == (("甲 乙", "丙"), ("丁", "戊"))
    term = publishing.add_term(by=SYSTEM, traditional="甲\x01\r\n乙", simplified=" 甲\t乙 ")
    assert (term.traditional, term.simplified) == ("甲 乙", "甲 乙")


def test_glossary_size_is_bounded(monkeypatch):
    monkeypatch.setitem(publishing.limits.MOST, "glossary", 1)
    keeper = make_user("add_glossaryterm")
    publishing.add_term(by=keeper, traditional="裏", simplified="里")
    with pytest.raises(ValidationError):
        publishing.add_term(by=keeper, traditional="甲", simplified="甲")


def test_saving_is_linear_in_text_length():
    blog = make_blog()

    def save(size: int) -> None:
        body = "<p>The <q>words 停火</q> of it</p>" * size
        wording = "\n".join(f"甲{number}=乙" for number in range(size // 10))
        publishing.draft_update(blog, Content("草稿", body, edition_wording=wording), by=SYSTEM)

    work.assert_linear(save, 300)
