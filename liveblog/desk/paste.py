"""Pasting running copy: the desk shows how it was parsed, and saves it only after confirmation."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from liveblog.articles.article import Article, ArticleError
from liveblog.articles.characters import MAX_BYTES
from liveblog.articles.load import load
from liveblog.articles.notation import Choice, Heading, Order, Profile
from liveblog.articles.parse import Given, parse, read
from liveblog.articles.report import Action, Report
from liveblog.desk import rows
from liveblog.desk.access import desk_view
from liveblog.models import LiveBlog
from newsroom import hongkong
from newsroom.sign_in import user_of


@desk_view
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Load copy sent as text or as a file, in any encoding; the confirmation form carries it along."""
    if not rows.May.of(user_of(request), blog).write:
        raise PermissionDenied(_("Only staff who write updates can load running copy."))
    if request.method != "POST":
        return _page(request, blog)
    try:
        copy = _copy(request)
        given, choice = _additions(request)
        article = parse(read(copy), given=given, choice=choice, now=hongkong.now())
        is_confirmed = "confirm" in request.POST
        report = load(
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
        reason = _("Line %(line)s: %(reason)s") % {"line": error.line, "reason": error.reason}
        return _page(request, blog, status=422, error=reason)
    except ValidationError as error:
        return _page(request, blog, status=422, error=" ".join(error.messages))
    if is_confirmed:
        messages.success(request, _done(report))
        return redirect("desk:desk", blog.pk)
    return _page(request, blog, **_understood(article, report, copy))


def _is_on(request: HttpRequest, name: str) -> bool:
    return request.POST.get(name) == "on"


def _copy(request: HttpRequest) -> bytes:
    """Return the pasted or uploaded bytes; on confirmation, the same bytes that were shown."""
    if encoded := request.POST.get("copy"):
        try:
            return base64.b64decode(encoded, validate=True)
        except ValueError as error:
            # Raised for wrong padding, for characters outside the alphabet and for non-ASCII text.
            raise ValidationError(_("The copy was damaged in transit. Paste it again.")) from error
    if file := request.FILES.get("file"):
        copy: bytes = file.read(MAX_BYTES + 1)
        return copy
    return request.POST.get("text", "").encode()


def _additions(request: HttpRequest) -> tuple[Given, Choice]:
    """Return what the form adds to an article that lacks it. Raise ValidationError for what is no time."""
    published_at = None
    if text := request.POST.get("published_at", "").strip():
        try:
            published_at = datetime.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=hongkong.ZONE)
        except ValueError as error:
            raise ValidationError(_("Write the publication time as 2025-03-18 17:14.")) from error
        if published_at.year not in hongkong.YEARS:
            raise ValidationError(_("There is no such day or time."))
    given = Given(request.POST.get("title", "").strip(), published_at)
    return given, Choice(zone=request.POST.get("time_zone", "").strip())


def _page(request: HttpRequest, blog: LiveBlog, status: int = 200, **context: object) -> HttpResponse:
    may = rows.May.of(user_of(request), blog)
    context = {
        **admin.site.each_context(request),
        "title": _("Paste running copy"),
        "blog": blog,
        "may": may,
        "may_change_head": request.user.has_perm("liveblog.change_liveblog"),
        "may_publish": may.publish and (may.run or blog.status != LiveBlog.Status.DRAFT),
        "text": request.POST.get("text", ""),
        "chosen": {
            name: _is_on(request, name) if request.method == "POST" else name == "publish"
            for name in ("publish", "head", "withdraw_missing")
        },
        "note": request.POST.get("note", ""),
        "given": {
            name: request.POST.get(name, "").strip() for name in ("title", "published_at", "time_zone")
        },
        **context,
    }
    return render(request, "desk/paste.html", context, status=status)


def _understood(article: Article, report: Report, copy: bytes) -> dict[str, Any]:
    actions = {outcome.line: outcome.action for outcome in report.outcomes if outcome.line}
    labels = _labels()
    entries = [{"entry": entry, "action": labels[actions[entry.line]]} for entry in article.entries]
    return {
        "article": article,
        "notation": _notation(article.profile),
        "left_out": article.left_out,
        "entries": entries,
        "report": report,
        "others": [(outcome, labels[outcome.action]) for outcome in report.outcomes if not outcome.line],
        "copy": base64.b64encode(copy).decode(),
    }


def _notation(profile: Profile) -> list[str]:
    """Return in words how the article was read."""
    if profile.is_own_form:
        return [_("This product's own form")]
    places = {
        Heading.ABOVE: _("headings above the times"),
        Heading.BELOW: _("headings below the times"),
        Heading.BESIDE: _("headings on the lines of the times"),
    }
    orders = {
        Order.NEWEST_FIRST: _("newest first"),
        Order.OLDEST_FIRST: _("oldest first"),
        Order.MIXED: _("in no order"),
    }
    words = [_("times as %(time)s") % {"time": profile.time} if profile.time else _("no times")]
    if profile.time and profile.heading in places:
        words.append(places[profile.heading])
    if profile.is_numbered:
        words.append(_("numbered headings"))
    words.append(orders[profile.order])
    if profile.zone:
        words.append(_("time zone %(zone)s") % {"zone": profile.zone})
    return words


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
