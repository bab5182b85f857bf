"""Who comes in: every view of the desk is about one live blog, and for those who may work on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure as djangos_page
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from liveblog import visibility
from liveblog.models import LiveBlog
from newsroom import html

_WORK = ("add_update", "change_update", "publish_update", "withdraw_update", "moderate_readerresponse")


def desk_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view `view(request, blog, …)` of one blog's desk.

    Whoever is not signed in is asked to, and what they sent is kept meanwhile; whoever may not work on the
    blog gets a 403 that says why. What a verb refuses is answered as 422, for scripts as JSON.
    """

    @never_cache
    @csrf_protect
    @wraps(view)
    def wrapped(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        if not admin.site.has_permission(request):
            return _signed_out(request)
        blog = get_object_or_404(LiveBlog, pk=pk)
        try:
            check_worker(request.user, blog)
            return view(request, blog, **kwargs)
        except PermissionDenied as refusal:
            if wants_json(request):
                return JsonResponse({"errors": {"": [str(refusal)]}}, status=403)
            raise
        except ValidationError as refusal:
            return refused(request, blog, refusal)

    return wrapped


@desk_view
@require_safe
def token(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Give the desk's scripts the token that their requests carry, and whose it is.

    Neither a cookie nor the page tells them: both could be read by a script that was tricked into running.
    """
    return JsonResponse({"token": get_token(request), "user": str(request.user.pk)})


def check_worker(user: AbstractBaseUser, blog: LiveBlog) -> None:
    """Raise PermissionDenied for those who have nothing to do on this blog's desk."""
    if not any(user.has_perm(f"liveblog.{name}") for name in _WORK):
        raise PermissionDenied(_("The live desk is for those who write, edit or moderate."))
    if not visibility.can_read(user, blog):
        raise PermissionDenied(_("You are not in the team of this live blog."))


def token_in(named: str | None) -> str:
    """The composer's token that was sent; empty where it can be none."""
    return named if named and len(named) <= 64 and html.printable(named) == named else ""


def wants_json(request: HttpRequest) -> bool:
    """Whether the desk's own script asks; without it, forms are posted and pages answer."""
    return request.headers.get("Accept", "").startswith("application/json")


def said_by(refusal: ValidationError) -> dict[str, list[str]]:
    """What was refused, by field; under the empty name what is about none of them."""
    if hasattr(refusal, "error_dict"):
        return {("" if name == "__all__" else name): said for name, said in refusal.message_dict.items()}
    return {"": refusal.messages}


def refused(request: HttpRequest, blog: LiveBlog, refusal: ValidationError) -> HttpResponse:
    errors = said_by(refusal)
    if wants_json(request):
        return JsonResponse({"errors": errors}, status=422)
    said = [line for lines in errors.values() for line in lines]
    context = admin.site.each_context(request) | {"blog": blog, "said": said}
    return render(request, "desk/refused.html", context, status=422)


def _signed_out(request: HttpRequest) -> HttpResponse:
    """The session has expired. What was sent comes back in a form, to be sent again after signing in."""
    login = reverse("admin:login")
    if wants_json(request):
        return JsonResponse({"login": login}, status=401)
    if request.method != "POST":
        return redirect_to_login(request.get_full_path(), login)
    return _to_be_sent_again(request, 401, login=login)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Signing in again changes the token that a form sent from before carries: it is given the new one.

    Only to a form that a page of the admin sent; any other gets Django's page. Nothing is carried out.
    """
    # Markup on a page of the readers' could hold a form, too; no page of theirs has such an address.
    sent_from = urlsplit(request.headers.get("Referer", "")).path
    is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin" and sent_from.startswith("/admin/")
    if not (is_ours and request.resolver_match and request.resolver_match.app_name == "desk"):
        return djangos_page(request, reason)
    if wants_json(request):
        errors = {"": [_("Your page is out of date. Load it again.")]}
        return JsonResponse({"errors": errors, "is_token_stale": True}, status=403)
    return _to_be_sent_again(request, 403)


def _to_be_sent_again(request: HttpRequest, status: int, login: str = "") -> HttpResponse:
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    context = admin.site.each_context(request) | {"sent": sent, "login": login}
    return render(request, "desk/send_again.html", context, status=status)
