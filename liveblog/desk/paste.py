"""Pasting running copy: the desk shows how it was read, takes corrections, and saves on confirmation."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from liveblog.articles import zones
from liveblog.articles.article import Article, ArticleError, Block, Related
from liveblog.articles.characters import ENCODINGS, guessed_encoding
from liveblog.articles.choices import Choices, LineChoice
from liveblog.articles.files import MAX_FILE, text_file, text_of_html
from liveblog.articles.lines import split
from liveblog.articles.load import load
from liveblog.articles.notation import Heading, Order
from liveblog.articles.parse import Given, parse, read
from liveblog.articles.report import Action, Report
from liveblog.articles.saved import html_of
from liveblog.desk import reading, rows
from liveblog.desk.access import desk_view
from liveblog.models import CopyProfile, LiveBlog
from newsroom import hongkong
from newsroom.sign_in import user_of
from newsroom.text import html

_MAX_NAME: Final = 80
_MAX_ZONE: Final = 40


@dataclass
class Pasted:
    """Copy as it was posted, with the form's other values about it, and the errors in them.

    `data` is a text file; `encoding` is empty if it is to be detected. `dropped` counts the decisions that no
    longer fit the text.
    """

    data: bytes
    encoding: str
    text: str
    given: Given
    choices: Choices
    line_choices: list[LineChoice]
    dropped: int
    errors: list[str]

    @property
    def numbered(self) -> list[tuple[int, str]]:
        return split(self.text)


@desk_view
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Load copy sent as text or as a file, in any encoding; the preview's form carries it along."""
    if not rows.May.of(user_of(request), blog).write:
        raise PermissionDenied(_("Only staff who write updates can load running copy."))
    if request.method != "POST":
        return _page(request, blog)
    try:
        pasted = _pasted(request)
        article = _article(pasted)
    except ArticleError as error:
        return _page(request, blog, status=422, error=_with_line(error))
    except ValidationError as error:
        return _page(request, blog, status=422, error=" ".join(error.messages))
    _save_profile(request, pasted, article)
    is_confirmed = "confirm" in request.POST and not pasted.errors
    report = _loaded(request, blog, pasted, article, is_confirmed=is_confirmed)
    if is_confirmed and report and not pasted.errors:
        messages.success(request, _done(report))
        return redirect("desk:desk", blog.pk)
    return _page(
        request,
        blog,
        status=422 if pasted.errors else 200,
        **_understood(article, report, pasted, _page_number(request, pasted)),
    )


@desk_view
@require_POST
def text(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Return the text of a piece of a web page from the clipboard, for the field that it is pasted into."""
    if not rows.May.of(user_of(request), blog).write:
        raise PermissionDenied(_("Only staff who write updates can load running copy."))
    return JsonResponse({"text": text_of_html(request.POST.get("html", "")[:MAX_FILE])})


def _with_line(error: ArticleError) -> str:
    return _("Line %(line)s: %(reason)s") % {"line": error.line, "reason": error.reason}


def _is_on(request: HttpRequest, name: str) -> bool:
    return request.POST.get(name) == "on"


# Posted copy and choices


def _pasted(request: HttpRequest) -> Pasted:
    """Return the posted copy and choices. Raise ArticleError or ValidationError for unreadable copy."""
    data, encoding = _copy(request)
    previous_text = text = read(data, encoding)
    posted_text = request.POST.get("text", "")
    if "copy" in request.POST and posted_text.strip() and posted_text.splitlines() != text.splitlines():
        data, encoding, text = posted_text.encode(), "", posted_text
        text = read(data)
    line_choices, dropped = reading.choices_in(request.POST, split(previous_text), split(text))
    errors = [] if reading.are_days_readable(request.POST) else [_("There is no such day or time.")]
    choices = Choices(
        roles={choice.number: choice.role for choice in line_choices if choice.role},
        days={choice.number: choice.day for choice in line_choices if choice.day},
    )
    choices = _notation(request, choices, errors)
    given = Given(request.POST.get("title", "").strip(), _published_at(request, errors))
    return Pasted(data, encoding, text, given, choices, line_choices, dropped, errors)


def _copy(request: HttpRequest) -> tuple[bytes, str]:
    """Return the pasted or uploaded bytes, or those that the form carries, and their encoding if chosen."""
    if file := request.FILES.get("file"):
        return text_file(file.read(MAX_FILE + 1), file.name or ""), ""
    if encoded := request.POST.get("copy"):
        encoding = request.POST.get("encoding", "")
        try:
            data = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            # Raised for wrong padding, for characters outside the alphabet and for non-ASCII text.
            raise ValidationError(_("The copy was damaged in transit. Paste it again.")) from error
        return data, encoding if encoding in ENCODINGS else ""
    return request.POST.get("text", "").encode(), ""


def _published_at(request: HttpRequest, errors: list[str]) -> datetime | None:
    text = " ".join(_published(request)).strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=hongkong.ZONE)
    except ValueError:
        errors.append(_("Write the publication time as 2025-03-18 17:14."))
        return None
    if moment.year not in hongkong.YEARS:
        errors.append(_("There is no such day or time."))
        return None
    return moment


def _published(request: HttpRequest) -> tuple[str, str]:
    """Return the entered day and clock time of publication."""
    day, clock = (request.POST.get(f"published_{part}", "").strip() for part in ("day", "clock"))
    return day, clock


def _notation(request: HttpRequest, choices: Choices, errors: list[str]) -> Choices:
    """Return the choices with the notation of the form, or of the saved profile that the form selects."""
    fields = {name: request.POST.get(name, "").strip() for name in ("heading", "order", "time_zone")}
    pk = request.POST.get("use", "")
    profile = CopyProfile.objects.filter(pk=pk).first() if pk.isascii() and pk.isdigit() else None
    if profile:
        fields = {"heading": profile.heading, "order": profile.order, "time_zone": profile.zone}
    try:
        zones.zone_of(fields["time_zone"])
    except ValueError:
        errors.append(_("There is no time zone %(zone)s.") % {"zone": fields["time_zone"]})
        fields["time_zone"] = ""
    return replace(
        choices,
        heading=next((member for member in Heading if member.value == fields["heading"]), None),
        order=next((member for member in Order if member.value == fields["order"]), None),
        zone=fields["time_zone"],
    )


def _article(pasted: Pasted) -> Article:
    """Return the article. If its title or publication time is missing, make one up and add an error."""
    given, now = pasted.given, hongkong.now()
    for _attempt in range(2):
        try:
            return parse(pasted.text, given=given, choices=pasted.choices, now=now)
        except ArticleError as error:
            if error.missing == "title":
                given = replace(given, title="—")
            elif error.missing:
                given = replace(given, published_at=now.replace(second=0, microsecond=0))
            else:
                raise
            pasted.errors.append(_with_line(error))
    return parse(pasted.text, given=given, choices=pasted.choices, now=now)


def _save_profile(request: HttpRequest, pasted: Pasted, article: Article) -> None:
    """Save the notation as a named profile if the form asks for it, replacing one of the same name."""
    if "save_profile" not in request.POST:
        return
    name = request.POST.get("profile_name", "").strip()
    if not name or len(name) > _MAX_NAME or html.printable(name) != name:
        pasted.errors.append(
            _("Give the profile a name of at most %(limit)s characters.") % {"limit": _MAX_NAME}
        )
        return
    profile = article.profile
    CopyProfile.objects.update_or_create(
        name=name,
        defaults={
            "signature": profile.signature,
            "heading": profile.heading.value if pasted.choices.heading else "",
            "order": profile.order.value,
            "zone": profile.zone[:_MAX_ZONE],
        },
    )
    messages.success(request, _("The profile “%(name)s” is saved.") % {"name": name})


def _loaded(
    request: HttpRequest, blog: LiveBlog, pasted: Pasted, article: Article, *, is_confirmed: bool
) -> Report | None:
    """Load the article or rehearse it. Return None, with an error, if it cannot be saved as it is."""
    try:
        return load(
            article,
            by=user_of(request),
            slug=blog.slug,
            publish=_is_on(request, "publish"),
            note=request.POST.get("note", "").strip(),
            withdraw_missing=_is_on(request, "withdraw_missing"),
            keep_head=not _is_on(request, "head"),
            dry_run=not is_confirmed,
        )
    except ArticleError as error:
        pasted.errors.append(_with_line(error))
    except ValidationError as error:
        pasted.errors.extend(error.messages)
    return None


# The page


def _page_number(request: HttpRequest, pasted: Pasted) -> int:
    """Return the index of the page of lines to show: the last one if the requested page is beyond it."""
    number = request.POST.get("go") or request.POST.get("page", "")
    last = (len(pasted.numbered) - 1) // reading.PAGE_SIZE
    return min(int(number), last) if number.isascii() and number.isdigit() and len(number) < 6 else 0


def _page(request: HttpRequest, blog: LiveBlog, status: int = 200, **context: Any) -> HttpResponse:
    may = rows.May.of(user_of(request), blog)
    post = request.POST
    context = {
        **admin.site.each_context(request),
        "title": _("Paste running copy"),
        "blog": blog,
        "may": may,
        "may_change_head": user_of(request).has_perm("liveblog.change_liveblog"),
        "may_publish": may.publish and (may.run or blog.status != LiveBlog.Status.DRAFT),
        "text": post.get("text", ""),
        "carried": post.get("choices", ""),
        "chosen": {
            name: _is_on(request, name) if request.method == "POST" else name == "publish"
            for name in ("publish", "head", "withdraw_missing")
        },
        "note": post.get("note", ""),
        "given": {name: post.get(name, "").strip() for name in ("title", "time_zone")},
        "published": _published(request),
        "orders": reading.order_options(None, None),
        "headings": reading.heading_options(None, None),
        **context,
    }
    return render(request, "desk/paste.html", context, status=status)


def _understood(article: Article, report: Report | None, pasted: Pasted, page: int) -> dict[str, object]:
    outcomes = report.outcomes if report else ()
    labels = _labels()
    actions = {outcome.line: labels[outcome.action] for outcome in outcomes if outcome.line}
    choices = pasted.choices
    dropped = _("Decisions that no longer fit the text and were dropped: %(count)s")
    pages = range((len(pasted.numbered) - 1) // reading.PAGE_SIZE + 1)
    profiles = list(CopyProfile.objects.all())
    return {
        "article": article,
        "notation": reading.notation_in_words(article.profile),
        "left_out": article.left_out,
        "standfirst": _shown(article.standfirst),
        "entries": [
            {"entry": entry, "blocks": _shown(entry.blocks), "action": actions.get(entry.line, "")}
            for entry in article.entries
        ],
        "report": report,
        "others": [(outcome, labels[outcome.action]) for outcome in outcomes if not outcome.line],
        "copy": base64.b64encode(pasted.data).decode(),
        "encoding": pasted.encoding,
        "guess": ENCODINGS.get(guessed_encoding(pasted.data), ""),
        "encodings": ENCODINGS,
        "source": pasted.text,
        "lines": reading.rows_of(article, pasted.numbered, choices, page),
        "page": page,
        "pages": [(number, number * reading.PAGE_SIZE + 1) for number in pages] if len(pages) > 1 else [],
        "carried": reading.carried(pasted.line_choices),
        "dropped": dropped % {"count": pasted.dropped} if pasted.dropped else "",
        "zone": choices.zone,
        "orders": reading.order_options(choices.order, article.profile),
        "headings": reading.heading_options(choices.heading, article.profile),
        "fitting_profiles": [row for row in profiles if row.signature == article.profile.signature],
        "other_profiles": [row for row in profiles if row.signature != article.profile.signature],
        "errors": pasted.errors,
        "error": pasted.errors[0] if pasted.errors else "",
    }


def _shown(blocks: Sequence[Block]) -> list[dict[str, Related | str]]:
    """Return the blocks as readers will see them: related stories apart, the others as clean HTML."""
    return [
        {"story": block} if isinstance(block, Related) else {"html": html_of([block])} for block in blocks
    ]


def _labels() -> dict[Action, str]:
    return {
        Action.ADDED: _("New"),
        Action.CHANGED: _("Changed"),
        Action.PUBLISHED: _("Published"),
        Action.UNCHANGED: _("Unchanged"),
        Action.CONFLICT: _("Changed here too: the desk's text is kept"),
        Action.STAYS_WITHDRAWN: _("Withdrawn; stays withdrawn"),
        Action.AMBIGUOUS: _("Ambiguous: left alone"),
        Action.VANISHED: _("No longer in the copy"),
        Action.WITHDRAWN: _("No longer in the copy: withdrawn"),
    }


def _done(report: Report) -> str:
    changed = len(report.of(Action.CHANGED)) + len(report.of(Action.PUBLISHED))
    return _("Loaded. New: %(new)s. Changed: %(changed)s.") % {
        "new": len(report.of(Action.ADDED)),
        "changed": changed,
    }
