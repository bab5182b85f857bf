"""The form for readers' responses. It has its own page, because its token differs for each reader.

Each form carries a signed token that holds the live blog and the time when the form was opened. A token
cannot be forged and is good for one response.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.presentation import reading
from liveblog.presentation.addresses import Withdrawn, find_blog
from liveblog.presentation.views import BlogTitle
from liveblog.reader.pages import blog_page
from liveblog.reader.scripts import plain_address
from liveblog.visibility import PUBLIC
from newsroom.http import client_address, rate_limits
from newsroom.http.doors import set_language

SECONDS_LEAST: Final = 2
SECONDS_MOST: Final = 3 * 60 * 60
# The rate limit for one client: this many responses within this many seconds.
RESPONSES_MOST: Final = 5
RESPONSES_SECONDS: Final = 10 * 60
_SALT: Final = "newsroom.responses"


class LinesField(forms.CharField):
    """A text field that counts a line break as one character, like browsers do, although they send two."""

    def to_python(self, value: str | None) -> str:
        return super().to_python(value and value.replace("\r\n", "\n")) or ""


class ResponseForm(forms.Form):
    """A response to one live blog. `opened` is the form's token, `website` a honeypot field."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        help_text=gettext_lazy("It is printed with your response and used for nothing else."),
        error_messages={"required": gettext_lazy("Please enter your name.")},
    )
    text = LinesField(
        label=gettext_lazy("Your response"),
        max_length=500,
        error_messages={"required": gettext_lazy("Please write your response.")},
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("At most 500 characters. An editor reads it before it appears."),
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    opened = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)

    def __init__(self, blog: LiveBlog, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.blog = blog
        # True once the token has been used, so that the form must be rendered with a new one.
        self.is_spent = False

    def clean(self) -> dict[str, Any]:
        cleaned_data = super().clean() or self.cleaned_data
        signer = signing.TimestampSigner(salt=_SALT)
        token = cleaned_data.get("opened", "")
        try:
            value = signer.unsign(token, max_age=SECONDS_MOST)
        except signing.BadSignature:
            value = ""
        if not value.startswith(f"{self.blog.pk}:"):
            raise ValidationError(
                _("This form was open for too long. Your words are still here: send them again.")
            )
        if _is_fresh(signer, token):
            raise ValidationError(_("That was very fast. Your words are still here: send them again."))
        return cleaned_data

    @property
    def digest(self) -> str:
        content = [self.cleaned_data["name"], self.cleaned_data["text"]]
        return hashlib.sha256(repr(content).encode()).hexdigest()

    def claim_token(self) -> str | None:
        """Claim the token; return None, or the digest of the response that claimed it before.

        Only one of several concurrent requests gets None. A rollback of the transaction undoes the claim.
        """
        self.is_spent = True
        key = f"{_SALT}:{hashlib.sha256(self.cleaned_data['opened'].encode()).hexdigest()}"
        return None if cache.add(key, self.digest, SECONDS_MOST) else cache.get(key, "")


def _new_token(blog: BlogTitle) -> str:
    return signing.TimestampSigner(salt=_SALT).sign(f"{blog.pk}:{secrets.token_urlsafe(12)}")


def _is_fresh(signer: signing.TimestampSigner, token: str) -> bool:
    try:
        signer.unsign(token, max_age=SECONDS_LEAST)
    except signing.SignatureExpired:
        return False
    return True


# CSRF exempt: no cookie identifies the sender, so there is no session to abuse. `_is_from_this_site` checks
# where the form was sent from.
@csrf_exempt
@plain_address
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def respond(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show the form; on POST redirect (303) to the thanks, or show the form again with errors and input."""
    try:
        head = find_blog(PUBLIC, slug, edition)
    except Withdrawn as withdrawn:
        set_language(request, withdrawn.blog.language)
        raise Http404 from withdrawn
    set_language(request, head.language)
    if not head.has_responses:
        raise Http404
    blog = reading.title_of(head)
    with translation.override(blog.language):
        if request.method != "POST":
            return _page(request, blog, ResponseForm(head.row), is_sent="sent" in request.GET)
        form = ResponseForm(head.row, request.POST)
        if not _is_from_this_site(request):
            return _page(request, blog, _refuse_origin(form), status=403)
        if form.is_valid() and _take(request, blog, form):
            return HttpResponseRedirect(f"{request.path}?sent", status=303)
        return _page(request, blog, form, status=400)


def _take(request: HttpRequest, blog: BlogTitle, form: ResponseForm) -> bool:
    """Submit the response; return False if it was refused, with the reason in the form's errors."""
    if form.cleaned_data["website"]:
        # The honeypot was filled in: pretend success, so that a bot learns nothing.
        return True
    network = client_address.network_of(client_address.of_request(request))
    if rate_limits.seconds_to_wait(f"responses:{network}", RESPONSES_MOST, RESPONSES_SECONDS):
        form.add_error(None, _("Many responses came from your address. Please try again in ten minutes."))
        return False
    try:
        _submit(blog.row, form)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def _submit(blog: LiveBlog, form: ResponseForm) -> None:
    with transaction.atomic():
        used_by = form.claim_token()
        if used_by is None:
            publishing.submit_response(blog, name=form.cleaned_data["name"], text=form.cleaned_data["text"])
        elif used_by != form.digest:
            raise ValidationError(
                _("This form has been sent before. Your words are still here: send them again.")
            )
        # Otherwise a double click or a retry sent the same response again; treat it as a success.


def _is_from_this_site(request: HttpRequest) -> bool:
    """Return whether a page of this site sent the form. Requests without Origin are accepted."""
    origin = request.headers.get("Origin")
    own = (request.get_host(), urlsplit(settings.SITE_URL).netloc)
    return origin is None or urlsplit(origin).netloc in own


def _refuse_origin(form: ResponseForm) -> ResponseForm:
    """Return the form with an error, so that the reader can send the same text again from this page."""
    form.full_clean()
    form.add_error(
        None, _("This was not sent from our own page. Your words are still here: send them again.")
    )
    return form


def _page(
    request: HttpRequest, blog: BlogTitle, form: ResponseForm, *, is_sent: bool = False, status: int = 200
) -> HttpResponse:
    is_token_good = form.is_bound and not form.is_spent and not form.non_field_errors()
    context = {
        "form": form,
        "opened": form["opened"].value() if is_token_good else _new_token(blog),
        "is_sent": is_sent,
        "action": request.path,
    }
    return blog_page(request, "reader/respond.html", blog, context, status)
