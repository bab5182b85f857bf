"""Access to the live desk: each view is about one live blog, for people who may work on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.auth.models import User
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
from newsroom.sign_in import user_of
from newsroom.text import html

_WORK = (
    "add_update",
    "change_update",
    "publish_update",
    "withdraw_update",
    "moderate_readerresponse",
    "run_coverage",
)


def desk_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap `view(request, blog, …)` as a view of one live blog's desk.

    People who are not signed in are asked to sign in and get their posted data back to send it again; people
    who may not work on the live blog get a 403 with the reason. A verb's ValidationError becomes a 422, in
    JSON for scripts.
    """

    @never_cache
    @csrf_protect
    @wraps(view)
    def wrapped(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        if not admin.site.has_permission(request):
            return _signed_out(request)
        blog = get_object_or_404(LiveBlog, pk=pk)
        try:
            check_worker(user_of(request), blog)
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
    """Return the CSRF token for the requests of the desk's scripts, and the id of its user.

    Neither the page nor a cookie carries them, because an injected script could read both.
    """
    return JsonResponse({"token": get_token(request), "user": str(request.user.pk)})


def check_worker(user: User, blog: LiveBlog) -> None:
    """Raise PermissionDenied if `user` may not work on this live blog's desk."""
    if not any(user.has_perm(f"liveblog.{name}") for name in _WORK):
        raise PermissionDenied(_("The live desk is for staff who write, edit or moderate."))
    if not visibility.can_read(user, blog):
        raise PermissionDenied(_("You are not in the team of this live blog."))


def token_in(value: str | None) -> str:
    """Return the composer's token as sent, or an empty string if it cannot be one."""
    return value if value and len(value) <= 64 and html.printable(value) == value else ""


def wants_json(request: HttpRequest) -> bool:
    """Return whether the desk's script expects JSON; forms posted without JavaScript get pages."""
    return request.headers.get("Accept", "").startswith("application/json")


def said_by(refusal: ValidationError) -> dict[str, list[str]]:
    """Return the messages of `refusal` by field; messages without a field are under the empty name."""
    if hasattr(refusal, "error_dict"):
        return {("" if name == "__all__" else name): lines for name, lines in refusal.message_dict.items()}
    return {"": refusal.messages}


def refused(request: HttpRequest, blog: LiveBlog, refusal: ValidationError) -> HttpResponse:
    errors = said_by(refusal)
    if wants_json(request):
        return JsonResponse({"errors": errors}, status=422)
    reasons = [line for lines in errors.values() for line in lines]
    context = admin.site.each_context(request) | {"blog": blog, "reasons": reasons}
    return render(request, "desk/refused.html", context, status=422)


def _signed_out(request: HttpRequest) -> HttpResponse:
    """Ask the user to sign in after the session has expired.

    Posted data comes back in a form, so that it can be sent again after signing in.
    """
    login = reverse("admin:login")
    if wants_json(request):
        return JsonResponse({"login": login}, status=401)
    if request.method != "POST":
        return redirect_to_login(request.get_full_path(), login)
    return _to_be_sent_again(request, 401, login=login)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the posted form with a new CSRF token, since signing in again invalidates the old one.

    Nothing is carried out. Only forms sent from a page of the admin come back; any other request gets
    Django's page.
    """
    # Being same-origin is not enough: markup on a readers' page could contain a form. No readers' page has
    # an address under /admin/.
    sent_from = urlsplit(request.headers.get("Referer", "")).path
    is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin" and sent_from.startswith("/admin/")
    if not (is_ours and request.resolver_match and request.resolver_match.app_name == "desk"):
        return djangos_page(request, reason)
    if wants_json(request):
        errors = {"": [_("Your page is out of date. Reload it.")]}
        return JsonResponse({"errors": errors, "is_token_stale": True}, status=403)
    return _to_be_sent_again(request, 403)


def _to_be_sent_again(request: HttpRequest, status: int, login: str = "") -> HttpResponse:
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    context = admin.site.each_context(request) | {"sent": pairs, "login": login}
    return render(request, "desk/send_again.html", context, status=status)
