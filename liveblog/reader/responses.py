"""Where readers respond: a page of its own, since it is the one thing that is not the same for everybody."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.presentation.addresses import Withdrawn, find_blog
from liveblog.reader.pages import blog_page
from liveblog.reader.scripts import plain_address
from liveblog.visibility import PUBLIC
from newsroom import counting

SECONDS_LEAST: Final = 2
SECONDS_MOST: Final = 24 * 60 * 60
# From one address, within this time.
RESPONSES_MOST: Final = 5
RESPONSES_SECONDS: Final = 10 * 60
_SALT: Final = "newsroom.responses"


class LinesField(forms.CharField):
    """Counts the end of a line as one character, as browsers do, which send two."""

    def to_python(self, value: str | None) -> str:
        return super().to_python(value and value.replace("\r\n", "\n"))


class ResponseForm(forms.Form):
    """`opened` is signed with the time when the form was opened; only machines fill in `website`."""

    name = forms.CharField(label=gettext_lazy("Your name"), max_length=80)
    text = LinesField(
        label=gettext_lazy("Your response"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("At most 500 characters. An editor reads it before it appears."),
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, str]:
        cleaned = super().clean()
        signer = signing.TimestampSigner(salt=_SALT)
        opened = cleaned.get("opened", "")
        try:
            signer.unsign(opened, max_age=SECONDS_MOST)
        except signing.BadSignature as error:
            raise ValidationError(
                _("This form was open for too long. Your words are still here: send them again.")
            ) from error
        if _is_fresh(signer, opened):
            raise ValidationError(_("That was very fast. Your words are still here: send them again."))
        return cleaned


def _is_fresh(signer: signing.TimestampSigner, opened: str) -> bool:
    try:
        signer.unsign(opened, max_age=SECONDS_LEAST)
    except signing.SignatureExpired:
        return False
    return True


# No cookie says who sends this, so there is nobody to forge it for; the Origin is checked instead.
@csrf_exempt
@plain_address
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def respond(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """The form; once sent, 303 to the thanks, or the form again with the reason and all words."""
    try:
        blog = find_blog(PUBLIC, slug, edition)
    except Withdrawn as withdrawn:
        raise Http404 from withdrawn
    if not blog.has_responses:
        raise Http404
    with translation.override(blog.language):
        if request.method != "POST":
            return _page(request, blog, ResponseForm(), is_sent="sent" in request.GET)
        _check_origin(request)
        form = ResponseForm(request.POST)
        if form.is_valid() and _take(request, blog, form):
            return HttpResponseRedirect(f"{request.path}?sent", status=303)
        return _page(request, blog, form, status=400)


def _take(request: HttpRequest, blog: LiveBlog, form: ResponseForm) -> bool:
    """Hand the words to the verb; False when the form now says why not."""
    if form.cleaned_data["website"]:
        # A machine: it is told nothing.
        return True
    key = f"{_SALT}:{counting.name_of_address(request.META['REMOTE_ADDR'])}"
    sent = cache.get(key, 0)
    # Set anew, not incremented: that would shorten the time to the cache's own.
    cache.set(key, sent + 1, RESPONSES_SECONDS)
    if sent >= RESPONSES_MOST:
        form.add_error(None, _("Many responses came from your address. Please try again in ten minutes."))
        return False
    try:
        publishing.submit_response(blog, name=form.cleaned_data["name"], text=form.cleaned_data["text"])
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def _check_origin(request: HttpRequest) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc not in (
        request.get_host(),
        urlsplit(settings.SITE_URL).netloc,
    ):
        raise PermissionDenied(_("Responses are taken from this site's own pages only."))


def _page(
    request: HttpRequest, blog: LiveBlog, form: ResponseForm, *, is_sent: bool = False, status: int = 200
) -> HttpResponse:
    opened = signing.TimestampSigner(salt=_SALT).sign(blog.slug)
    context = {
        "form": form,
        # A refused form starts anew, so that it can be sent again.
        "opened": opened if not form.is_bound or form.non_field_errors() else form["opened"].value(),
        "is_sent": is_sent,
        "action": request.path,
    }
    return blog_page(request, "reader/respond.html", blog, context, status)
