"""Middleware that remembers where a request comes from, and records what it was refused."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse

from liveblog.audit import chain, origin
from liveblog.audit.origin import Origin, Refusal
from newsroom.http import GetResponse, client_address, rate_limits

# Limit on recorded refusals and failed sign-ins of strangers, per client network. The server's log has all.
RECORDED_PER_MINUTE: Final = 30
_LONGEST_PATH: Final = 200


def remember_origin(get_response: GetResponse) -> GetResponse:
    """Middleware: remember the origin of all requests except readers' page views.

    Place this after Django's AuthenticationMiddleware.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        door = origin.door_of(request.path_info)
        if door is None:
            return get_response(request)
        with origin.through(door, request) as here:
            response = get_response(request)
            _record_refusals(here, request, response)
            return response

    return middleware


def _record_refusals(here: Origin, request: HttpRequest, response: HttpResponse) -> None:
    """Record refusals in a transaction of their own, because the refused work has been rolled back."""
    refusals = list(dict.fromkeys(here.refusals))
    if not refusals and response.status_code == 403:
        refusals = [Refusal(here.actor, "", None, None)]
    for refusal in refusals:
        if refusal.by is None and not may_record(request):
            return
        chain.record(
            "refused",
            by=refusal.by,
            chain=chain.SIGN_INS,
            permission=refusal.permission,
            blog_id=refusal.blog.pk if refusal.blog else None,
            update_id=refusal.update_id,
            request=f"{request.method} {request.path[:_LONGEST_PATH]}".encode("ascii", "replace").decode(),
        )


def may_record(request: HttpRequest) -> bool:
    """Return whether a stranger's request may cause another entry, so that nobody can flood the log."""
    network = client_address.network_of(client_address.of_request(request))
    return not rate_limits.seconds_to_wait(f"audit:{network}", RECORDED_PER_MINUTE)
