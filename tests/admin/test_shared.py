"""Pictures, bylines and topics in the admin; each edit changes the live blogs that show them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from liveblog.models import Byline, GlossaryTerm, Image, LiveBlog, Topic
from liveblog.publishing import Story
from tests.admin.browsing import errors, open_form, page_of
from tests.factories import make_blog, make_image, make_update, make_user, picture_file, signed_in

pytestmark = pytest.mark.django_db

ADD_IMAGE = "/admin/liveblog/image/add/"


def rendition(key: str, width: int, extension: str) -> str:
    return reverse("admin:liveblog_image_rendition", args=[key, width, extension])


def test_picture_is_uploaded_and_previewed_by_editors_only(admin, client, editor):
    form = open_form(admin, ADD_IMAGE) | {"alt": "一艘渡輪", "credit": "攝影：李四", "file": picture_file()}
    assert admin.post(ADD_IMAGE, form).status_code == 302
    image = Image.objects.get()
    assert (image.alt, image.credit, image.width, image.created_by) == ("一艘渡輪", "攝影：李四", 400, editor)

    preview = rendition(image.key, 400, "webp")
    assert preview in admin.get(page_of(image)).content.decode()
    assert preview in admin.get("/admin/liveblog/image/").content.decode()
    served = admin.get(preview)
    assert (served.status_code, served["Content-Type"]) == (200, "image/webp")
    # An unpublished picture must not stay in the browser cache after its editor signs out.
    assert "no-store" in served["Cache-Control"]
    assert served.content[8:12] == b"WEBP"
    assert client.get(preview).status_code == 302
    partners_desk = signed_in(make_user("view_partner"))
    assert partners_desk.get(preview).status_code == 403
    reporter = signed_in(make_user("view_image"))
    assert reporter.get(preview).status_code == 200


def test_editors_get_every_private_rendition_and_no_other_file(admin):
    image = make_image()
    types = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
    for width in image.widths:
        for extension, media_type in types.items():
            assert admin.get(rendition(image.key, width, extension))["Content-Type"] == media_type
    assert image.rendition_url(320, "jpg") == f"/media/{image.key}/320.jpg"
    for unknown in [(image.key, 321, "jpg"), (image.key, 320, "png"), ("0000000000000000", 320, "jpg")]:
        assert admin.get(rendition(*unknown)).status_code == 404


def test_picture_details_can_be_edited_but_not_the_file(admin):
    image = make_image()
    blog = make_blog()
    make_update(blog, images=(image,))
    form = open_form(admin, page_of(image))
    assert "file" not in form
    before = image.file.name
    assert admin.post(page_of(image), form).status_code == 302
    assert LiveBlog.objects.get().number == 2
    payload = form | {"caption": "說明", "file": picture_file("other.jpg")}
    assert admin.post(page_of(image), payload).status_code == 302
    image.refresh_from_db()
    assert (image.caption, image.file.name, LiveBlog.objects.get().number) == ("說明", before, 3)


def make_story():
    return make_blog(stories=(Story("路綫圖"),)).related_stories.get()


@pytest.mark.parametrize(
    ("make_row", "field", "other_field"),
    [
        (make_image, "caption", "alt"),
        (lambda: Byline.objects.create(name="陳大文"), "name", "role"),
        (lambda: Topic.objects.create(slug="rail", name="鐵路"), "name", "name"),
        (lambda: GlossaryTerm.objects.create(traditional="的士", simplified="出租车"), "simplified", "note"),
        (make_story, "title", "url"),
    ],
    ids=["image", "byline", "topic", "glossary term", "related story"],
)
def test_stale_form_of_a_shared_row_is_refused_and_saves_nothing(admin, make_row, field, other_field):
    row = make_row()
    form = open_form(admin, page_of(row))
    stale_form = form | {other_field: "https://example.com/"}
    assert admin.post(page_of(row), form | {field: "同事改的"}).status_code == 302
    response = admin.post(page_of(row), stale_form)
    assert errors(response)["__all__"][0].startswith("Somebody else has saved this since you opened it.")
    saved = type(row).objects.get()
    assert (getattr(saved, field), other_field == field or getattr(saved, other_field)) == (
        "同事改的",
        other_field == field or getattr(row, other_field),
    )
    # Reopening the form lets the same change be saved.
    fresh_form = open_form(admin, page_of(row)) | {other_field: "https://example.com/"}
    assert admin.post(page_of(row), fresh_form).status_code == 302
    assert getattr(type(row).objects.get(), other_field) == "https://example.com/"


def test_publishing_a_picture_does_not_make_its_form_stale(admin):
    image = make_image()
    form = open_form(admin, page_of(image))
    make_update(make_blog(), images=(image,))
    assert admin.post(page_of(image), form | {"caption": "說明"}).status_code == 302
    assert Image.objects.get().caption == "說明"


@pytest.mark.parametrize(
    ("name", "content"), [("notes.jpg", b"not a picture"), ("page.svg", b"<svg/>"), ("empty.png", b"")]
)
def test_file_that_is_not_a_picture_is_refused_with_a_reason(admin, name, content):
    form = open_form(admin, ADD_IMAGE) | {"alt": "圖", "file": SimpleUploadedFile(name, content)}
    refusals = errors(admin.post(ADD_IMAGE, form))
    unreadable = "This file is not a picture that can be read: use JPEG, PNG, WebP, AVIF or GIF."
    assert refusals == {"file": [unreadable if content else "The submitted file is empty."]}
    assert Image.objects.count() == 0


def test_picture_needs_alt_text_and_a_valid_focal_point(admin):
    form = open_form(admin, ADD_IMAGE) | {"file": picture_file()}
    assert errors(admin.post(ADD_IMAGE, form)) == {"alt": ["This field is required."]}
    form |= {"alt": "圖", "focal_column": "7", "file": picture_file()}
    assert list(errors(admin.post(ADD_IMAGE, form))) == ["focal_column"]
    assert Image.objects.count() == 0


def test_editing_a_byline_changes_the_blogs_that_print_it(admin):
    path = "/admin/liveblog/byline/add/"
    assert admin.post(path, open_form(admin, path) | {"name": "張三"}).status_code == 302
    byline = Byline.objects.get()
    make_update(make_blog(), bylines=(byline,))
    form = open_form(admin, page_of(byline))
    assert admin.post(page_of(byline), form).status_code == 302
    assert LiveBlog.objects.get().number == 2
    assert admin.post(page_of(byline), form | {"role": "在日內瓦"}).status_code == 302
    assert (Byline.objects.get().role, LiveBlog.objects.get().number) == ("在日內瓦", 3)

    assert errors(admin.post(path, {"name": "張三"})) == {"name": ["Byline with this Name already exists."]}
    Byline.objects.create(name="李四")
    assert errors(admin.post(page_of(byline), form | {"name": "李四"})) == {
        "name": ["Byline with this Name already exists."]
    }
    assert Byline.objects.filter(name="張三").exists()


def test_renamed_topic_keeps_its_slug(admin):
    path = "/admin/liveblog/topic/add/"
    assert admin.post(path, {"name": "天氣", "slug": "weather"}).status_code == 302
    topic = Topic.objects.get()
    make_blog(topics=(topic,))
    assert admin.post(page_of(topic), {"name": "風暴", "slug": "storm"}).status_code == 302
    topic.refresh_from_db()
    assert (topic.name, topic.slug, LiveBlog.objects.get().number) == ("風暴", "weather", 2)
