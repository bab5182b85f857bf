"""The admin's front page: running coverage, the user's drafts, scheduled updates, and a new live blog."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from liveblog import audience, publishing, visibility
from liveblog.models import LiveBlog, ReaderResponse, Update
from liveblog.models.blog import Language
from liveblog.publishing import BlogDetails
from newsroom import hongkong
from newsroom.sign_in import user_of
from newsroom.text import slugs

MOST_RUNNING: Final = 40
MOST_DRAFT_BLOGS: Final = 8
MOST_UPDATES: Final = 8
_LONGEST_SLUG: Final = 80


class StartForm(forms.Form):
    kicker = forms.CharField(label=gettext_lazy("Kicker"), required=False, max_length=40)
    headline = forms.CharField(label=gettext_lazy("Headline"), max_length=250)
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=_LONGEST_SLUG,
        help_text=gettext_lazy(
            "Proposed from the kicker or the headline. It cannot change after publication."
        ),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, field in self.fields.items():
            field.widget.attrs |= {"id": f"start-{name}", "autocomplete": "off"}


def today(request: HttpRequest) -> HttpResponse:
    """Show the admin's index."""
    return _page(request, StartForm())


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Create a live blog, start its coverage if the button says so, and open its desk."""
    form = StartForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        blog = _create(user_of(request), form.cleaned_data, is_started="start" in request.POST)
    except ValidationError as refusal:
        form.add_error(None, refusal if not hasattr(refusal, "error_dict") else _known(form, refusal))
        return _page(request, form, status=422)
    return redirect("desk:desk", blog.pk)


@require_GET
def slug(request: HttpRequest) -> HttpResponse:
    """Return the address to propose for what has been typed so far."""
    if not request.user.has_perm("liveblog.add_liveblog"):
        raise PermissionDenied
    texts = [request.GET.get("kicker", "")[:40], request.GET.get("headline", "")[:250]]
    return JsonResponse({"slug": free_slug(texts)})


def free_slug(texts: list[str]) -> str:
    """Return a slug for the first text that gives one, with the day or a number if it is in use."""
    day = hongkong.now().date()
    base = slugs.propose(texts, day)
    dated = base if base == f"{day:%Y-%m-%d}" else f"{base}-{day:%Y-%m-%d}"
    existing = set(LiveBlog.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = [base, dated, *(f"{dated}-{number}" for number in range(2, len(existing) + 3))]
    return next(candidate for candidate in candidates if candidate not in existing)


def _known(form: StartForm, refusal: ValidationError) -> ValidationError:
    """Return the refusal, turning errors of fields that the form lacks into errors of the whole form."""
    errors: dict[str, list[ValidationError]] = {}
    for name, reasons in refusal.error_dict.items():
        errors.setdefault(name if name in form.fields else "__all__", []).extend(reasons)
    return ValidationError(errors)


def _create(user: User, typed: dict[str, str], *, is_started: bool) -> LiveBlog:
    details = BlogDetails(
        slug=typed["slug"] or free_slug([typed["kicker"], typed["headline"]]),
        language=_language_of(typed["headline"]),
        kicker=typed["kicker"],
        headline=typed["headline"],
    )
    with transaction.atomic():
        blog = publishing.create_blog(details, by=user)
        if is_started:
            blog = publishing.start_coverage(blog, by=user)
        LogEntry.objects.log_actions(user.pk, [blog], ADDITION, [{"added": {}}], single_object=True)
    return blog


def _language_of(headline: str) -> str:
    if not slugs.is_chinese(headline):
        return Language.EN
    return settings.SITE_LANGUAGE if settings.SITE_LANGUAGE != Language.EN else Language.ZH_HANT


def _page(request: HttpRequest, form: StartForm, status: int = 200) -> HttpResponse:
    user = user_of(request)
    readable = visibility.readable(user)
    blogs = _with_counts(readable)
    by_newest = (F("front_position").asc(nulls_last=True), F("newest_update_at").desc(nulls_last=True), "-pk")
    running = list(blogs.live().order_by(*by_newest)[:MOST_RUNNING])
    running += blogs.filter(status=LiveBlog.Status.DRAFT).order_by("-created_at", "-pk")[:MOST_DRAFT_BLOGS]
    readers = audience.readers_by_blog()
    updates = Update.objects.filter(blog__in=readable).select_related("blog")
    context = {
        "title": _("Today"),
        "running": [(blog, readers[blog.pk]) for blog in running],
        "drafts": updates.filter(status=Update.Status.DRAFT, created_by=user, is_erased=False).order_by(
            "-modified_at", "-pk"
        )[:MOST_UPDATES],
        "scheduled": updates.filter(status=Update.Status.SCHEDULED, is_erased=False).order_by(
            "publish_at", "pk"
        )[:MOST_UPDATES],
        "start_form": form,
        "may_add": user.has_perm("liveblog.add_liveblog"),
        "may_start": user.has_perm("liveblog.run_coverage"),
    }
    response = admin.site.index(request, context)
    response.status_code = status
    return response


def _with_counts(blogs: Any) -> Any:
    """Annotate the time of the newest update and the numbers of waiting rows, each by its own subquery."""
    updates = Update.objects.filter(blog=OuterRef("pk"))
    newest = updates.published().order_by("-first_published_at")
    return blogs.annotate(
        newest_update_at=Subquery(newest.values("first_published_at")[:1]),
        waiting=_count(updates.filter(status=Update.Status.SUBMITTED)),
        responses_waiting=_count(ReaderResponse.objects.filter(blog=OuterRef("pk")).pending()),
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("blog").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
