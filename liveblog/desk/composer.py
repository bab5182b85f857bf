"""The composer: its form, and conversions between the form, an update's Content and a working copy."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveblog import visibility
from liveblog.models import Byline, Image, LiveBlog, Update
from liveblog.publishing import KEEPS_STATE, Action, Content, Story, fingerprint, refuse_too_long
from liveblog.publishing.limits import MOST, refuse_many
from newsroom import hongkong
from newsroom.http.parameters import whole_number
from newsroom.rich_text import RichTextWidget
from newsroom.sign_in import user_of
from newsroom.text import external_media, html

# A block number that is past the end of any text.
_AT_THE_END: Final = 100_000
# Fields that the composer posts in addition to those of its form.
_ROWS: Final = {"picture", "story_title", "story_url", "story_blog", "story_after"}
# The capturing group makes split() keep the separators.
_BETWEEN_NAMES: Final = re.compile("([,，、;；])")


def new_token() -> str:
    return secrets.token_urlsafe(12)


class _MomentWidget(forms.MultiWidget):
    def decompress(self, value: tuple[Any, Any] | None) -> list[Any]:
        return list(value or (None, None))


class MomentField(forms.MultiValueField):
    """A day and a time of day in Hong Kong time, either of which may be missing: `(day, clock)`."""

    def __init__(self, **options: Any) -> None:
        parts = [forms.DateField(required=False), forms.TimeField(required=False)]
        widget = _MomentWidget(
            {
                "day": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
                "clock": forms.TimeInput({"type": "time"}, format="%H:%M"),
            }
        )
        super().__init__(parts, widget=widget, required=False, require_all_fields=False, **options)

    def compress(self, values: list) -> tuple[date | None, time | None]:
        day, clock = [*values, None, None][:2]
        return day or None, clock


class ComposerForm(forms.Form):
    """The form for what is typed in the composer.

    It rejects only what no verb could interpret; the verb decides whether the rest may be saved.
    """

    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    update = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    heading = forms.CharField(label=gettext_lazy("Heading"), required=False, strip=True)
    body = forms.CharField(label=gettext_lazy("Text"), required=False, widget=RichTextWidget({"rows": 7}))
    happened = MomentField(label=gettext_lazy("Time"))
    is_time_unknown = forms.BooleanField(label=gettext_lazy("Clock time unknown"), required=False)
    is_key_event = forms.BooleanField(label=gettext_lazy("Key event"), required=False)
    is_pinned = forms.BooleanField(label=gettext_lazy("Pin to the top"), required=False)
    # Records the pin at the time of opening the form, so that saving does not undo a colleague's later pin.
    was_pinned = forms.BooleanField(required=False, widget=forms.HiddenInput)
    bylines = forms.CharField(
        label=gettext_lazy("Bylines"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Several names are separated by commas."),
    )
    source = forms.CharField(label=gettext_lazy("Source"), required=False, max_length=120)
    verification = forms.ChoiceField(
        label=gettext_lazy("Verification"),
        required=False,
        choices=Update.Verification.choices,
        widget=forms.RadioSelect,
    )
    edition_wording = forms.CharField(
        label=gettext_lazy("Wording in the other script"), required=False, widget=forms.Textarea({"rows": 2})
    )
    embed = forms.CharField(label=gettext_lazy("Video or post to embed"), required=False, max_length=500)
    publish = MomentField(label=gettext_lazy("Goes live at"))
    note = forms.CharField(label=gettext_lazy("What is corrected"), required=False, max_length=500)
    picture_file = forms.FileField(label=gettext_lazy("Picture"), required=False)
    picture_alt = forms.CharField(label=gettext_lazy("What it shows"), required=False, max_length=300)
    picture_credit = forms.CharField(label=gettext_lazy("Credit"), required=False, max_length=120)
    picture_caption = forms.CharField(label=gettext_lazy("Caption"), required=False, max_length=300)

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        refuse_too_long(body)
        return html.from_typed(body)

    def clean_bylines(self) -> tuple[Byline, ...]:
        typed = self.cleaned_data["bylines"]
        parts = _BETWEEN_NAMES.split(typed)
        # A name may itself contain a comma, so several parts together may form one name.
        ends = range(1, min(len(parts), 2 * MOST["bylines"]) + 1)
        candidates = {"".join(parts[start:end]).strip() for end in ends for start in range(end)}
        known = {byline.name: byline for byline in Byline.objects.filter(name__in=candidates)}
        bylines, start = [], 0
        while start < len(parts):
            end = next((end for end in reversed(ends) if "".join(parts[start:end]).strip() in known), None)
            if end is not None and end > start:
                bylines.append(known["".join(parts[start:end]).strip()])
                start = end
            elif parts[start].strip() and not _BETWEEN_NAMES.fullmatch(parts[start]):
                raise ValidationError(
                    _("There is no byline “%(name)s” yet. Add it in the admin, or choose another.")
                    % {"name": parts[start].strip()}
                )
            else:
                start += 1
        return tuple(bylines)

    def clean_embed(self) -> str:
        url: str = self.cleaned_data["embed"]
        if url and external_media.find(url) is None:
            raise ValidationError(
                _("This address cannot be embedded. It must be a video or a post of %(providers)s.")
                % {"providers": _(", ").join(external_media.PROVIDERS)}
            )
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("picture_file") and not cleaned.get("picture_alt"):
            self.add_error("picture_alt", _("Say what the picture shows, for readers who do not see it."))
        return cleaned


_MOMENTS: Final = {f"{name}_{part}" for name in ("happened", "publish") for part in ("day", "clock")}
_KEPT: Final = (set(ComposerForm.base_fields) - {"picture_file"}) | _MOMENTS | _ROWS


@dataclass(frozen=True)
class StoryRow:
    """A related story as the composer shows it; an empty `after` means after the last paragraph."""

    title: str
    url: str = ""
    blog: str = ""
    after: str = ""


@dataclass
class Composer:
    """The composer's state for the template."""

    form: ComposerForm
    token: str
    update: Update | None = None
    stories: list[StoryRow] = field(default_factory=list)
    pictures: list[Image] = field(default_factory=list)
    restored_at: datetime | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        return self.update is not None and self.update.is_published

    @property
    def chord(self) -> str:
        """Return the action of Ctrl+Enter.

        It saves a submitted or scheduled update without changing its status, and publishes any other.
        """
        status = Update.Status(self.update.status) if self.update else None
        is_waiting = status in (Update.Status.SUBMITTED, Update.Status.SCHEDULED)
        return KEEPS_STATE[status].value if status and is_waiting else Action.PUBLISH.value

    @property
    def has_details(self) -> bool:
        """Return whether any details beyond heading, text and time are filled in, so that they start open."""
        names = ("bylines", "source", "verification", "edition_wording", "embed")
        return bool(self.stories or self.pictures or any(self.form[name].value() for name in names))

    @property
    def happened(self) -> tuple[str, str]:
        """Return the day and the clock time of the event, as their inputs hold them."""
        return self._typed("happened")

    @property
    def publish(self) -> tuple[str, str]:
        return self._typed("publish")

    def _typed(self, name: str) -> tuple[str, str]:
        day, clock = self.form.initial.get(name) or ("", "")
        return str(day or ""), clock.strftime("%H:%M") if isinstance(clock, time) else clock or ""


def blank() -> Composer:
    token = new_token()
    return Composer(ComposerForm(initial={"token": token}), token)


def opened(update: Update, user: User) -> Composer:
    """Return a composer that has a saved update open."""
    token = new_token()
    content = Content.of(update).untagged()
    happened_at = hongkong.to_hong_kong(update.given_time) if update.given_time else None
    publish_at = hongkong.to_hong_kong(update.publish_at) if update.publish_at else None
    form = ComposerForm(
        initial={
            "token": token,
            "update": update.pk,
            "seen": fingerprint(content),
            "heading": content.heading,
            "body": content.body,
            "happened": _moment_of(happened_at, with_clock=content.has_clock_time),
            "is_time_unknown": not content.has_clock_time,
            "is_key_event": content.is_key_event,
            "is_pinned": update.is_pinned or update.is_to_be_pinned,
            "was_pinned": update.is_pinned or update.is_to_be_pinned,
            "bylines": _(", ").join(byline.name for byline in content.bylines),
            "source": content.source,
            "verification": content.verification,
            "edition_wording": content.edition_wording,
            "publish": _moment_of(publish_at),
        }
    )
    linked_ids = [story.live_blog.pk for story in content.stories if story.live_blog]
    visible_slugs = set(visibility.linkable(user).filter(pk__in=linked_ids).values_list("slug", flat=True))
    stories = [
        StoryRow(
            story.title,
            story.url,
            story.live_blog.slug if story.live_blog and story.live_blog.slug in visible_slugs else "",
            str(story.after_block),
        )
        for story in content.stories
    ]
    return Composer(form, token, update, stories, list(content.images))


def _moment_of(moment: datetime | None, *, with_clock: bool = True) -> tuple[date | None, time | None]:
    if moment is None:
        return None, None
    return moment.date(), moment.time().replace(second=0, microsecond=0) if with_clock else None


def restored(
    fields: dict[str, list[str]],
    update: Update | None,
    user: User,
    saved_at: datetime | None = None,
) -> Composer:
    """Return a composer with the text of a working copy or of a refused submission, exactly as typed."""
    data = query_of(fields)
    token = data.get("token") or new_token()
    ids = list(filter(None, map(whole_number, data.getlist("picture"))))
    images = _pictures(user, ids)
    initial: dict[str, Any] = {name: data.get(name, "") for name in ComposerForm.base_fields}
    for name in ("happened", "publish"):
        initial[name] = (data.get(f"{name}_day", ""), data.get(f"{name}_clock", ""))
    for name in ("is_time_unknown", "is_key_event", "is_pinned", "was_pinned"):
        initial[name] = data.get(name) == "on"
    return Composer(
        ComposerForm(initial=initial | {"picture_file": None}),
        token,
        update,
        _story_rows(data),
        [images[pk] for pk in ids if pk in images],
        saved_at,
    )


def fields_of(data: QueryDict) -> dict[str, list[str]]:
    """Return the composer's own fields of a post, by name and without NUL characters; drop all others."""
    return {
        name: [value.replace("\0", "") for value in values] for name, values in data.lists() if name in _KEPT
    }


def query_of(fields: dict[str, list[str]]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, values)
    return data


def is_untouched(fields: dict[str, list[str]]) -> bool:
    """Return whether a new update's composer holds nothing worth keeping."""
    names = ("heading", "body", "source", "story_title", "picture", "embed", "note", "edition_wording")
    return not any("".join(fields.get(name, [])).strip() for name in names)


def digest_of(request: HttpRequest, blog: LiveBlog) -> str:
    """Return a digest of a submission, to detect a token that is reused with different data."""
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    files = {}
    for name, uploads in request.FILES.lists():
        file = uploads[-1]
        # The file may have been read before.
        file.seek(0)
        files[name] = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
    return hashlib.sha256(json.dumps([blog.pk, fields, files], sort_keys=True).encode()).hexdigest()


def content_of(form: ComposerForm, request: HttpRequest, saved: Update | None) -> Content:
    """Return the Content of a valid form.

    Raise ValidationError for an incomplete time, for too many stories or pictures, and for pictures that are
    gone.
    """
    cleaned = form.cleaned_data
    body = cleaned["body"]
    if cleaned["embed"]:
        body += external_media.paragraph(cleaned["embed"])
    return Content(
        heading=cleaned["heading"],
        body=body,
        happened_at=_happened_at(cleaned["happened"], cleaned["is_time_unknown"], saved),
        has_clock_time=not cleaned["is_time_unknown"],
        is_key_event=cleaned["is_key_event"],
        bylines=cleaned["bylines"],
        source=cleaned["source"],
        verification=cleaned["verification"],
        edition_wording=cleaned["edition_wording"],
        stories=_stories(request, saved),
        images=_images(request),
    )


def _happened_at(
    moment: tuple[date | None, time | None] | None, is_time_unknown: bool, saved: Update | None
) -> datetime | None:
    """Return the time of the event, or None for now.

    A time that was not changed keeps its seconds, because they decide the order on the page.
    """
    day, clock = moment or (None, None)
    saved_time = hongkong.to_hong_kong(saved.given_time) if saved and saved.given_time else None
    today = hongkong.now().date()
    if is_time_unknown:
        day = day or today
        if saved_time and saved_time.date() == day:
            return saved_time
        # Without a clock time, the update goes to the end of a day other than today.
        return None if day == today else hongkong.at(day, time(23, 59))
    if clock is None and day in (None, today):
        return None
    if clock is None:
        raise ValidationError(
            {"happened": _("Give the time of day too, or say that the clock time is unknown.")}
        )
    entered_time = hongkong.at(day or today, clock)
    return (
        saved_time
        if saved_time and saved_time.replace(second=0, microsecond=0) == entered_time
        else entered_time
    )


def publish_at_of(form: ComposerForm) -> datetime | None:
    """Return when the update is to go live, or None if no clock time was given."""
    day, clock = form.cleaned_data["publish"] or (None, None)
    return hongkong.at(day or hongkong.now().date(), clock) if clock else None


def pin_of(form: ComposerForm) -> bool | None:
    """Return whether the update is to be pinned; None if the form leaves the pin as it was."""
    is_pinned = form.cleaned_data["is_pinned"]
    return None if is_pinned == form.cleaned_data["was_pinned"] else is_pinned


def _story_rows(data: QueryDict) -> list[StoryRow]:
    # PostgreSQL cannot store NUL characters in text.
    columns = [
        [value.replace("\0", "") for value in data.getlist(f"story_{name}")]
        for name in ("title", "url", "blog", "after")
    ]
    length = len(columns[0])
    columns = [column + [""] * (length - len(column)) for column in columns]
    rows = [StoryRow(*row) for row in zip(*(column[:length] for column in columns), strict=True)]
    return [row for row in rows if row.title.strip() or row.url.strip()]


def _stories(request: HttpRequest, saved: Update | None) -> tuple[Story, ...]:
    rows = _story_rows(request.POST)
    refuse_many(stories=rows)
    linkable = visibility.linkable(user_of(request))
    blogs = linkable.in_bulk([row.blog for row in rows if row.blog], field_name="slug")
    hidden_blogs = {}
    if saved:
        # Links that a colleague made to live blogs that this user may not see: the composer could not show
        # them, so they stay as they are.
        hidden_links = saved.related_stories.exclude(live_blog__in=linkable).filter(live_blog__isnull=False)
        hidden_blogs = {story.title: story.live_blog for story in hidden_links.select_related("live_blog")}
    stories = []
    for row in rows:
        after = whole_number(row.after, digits=5)
        blog = blogs.get(row.blog) or (None if row.url else hidden_blogs.get(row.title))
        stories.append(
            Story(row.title, _AT_THE_END if after is None else after, "" if blog else row.url, blog)
        )
    return tuple(stories)


def _images(request: HttpRequest) -> tuple[Image, ...]:
    ids = list(filter(None, map(whole_number, request.POST.getlist("picture"))))
    try:
        refuse_many(images=ids)
    except ValidationError as refusal:
        raise ValidationError({"pictures": refusal.messages}) from refusal
    images = _pictures(user_of(request), ids)
    missing = [pk for pk in ids if pk not in images]
    if missing:
        raise ValidationError({"pictures": _("A picture no longer exists. Remove it and add it again.")})
    return tuple(images[pk] for pk in dict.fromkeys(ids))


def _pictures(user: User, ids: list[int]) -> dict[int, Image]:
    """Return the pictures among `ids` that `user` may see, by id."""
    return {image.pk: image for image in visibility.readable_images(user).filter(pk__in=ids)}


def with_picture(content: Content, image: Image | None) -> Content:
    return replace(content, images=(*content.images, image)) if image else content
