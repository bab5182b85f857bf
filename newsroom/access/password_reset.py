"""Password reset by mail: Django's own views, limited, without saying which accounts exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from newsroom.access import events, initial_passwords, notices
from newsroom.access.events import Event
from newsroom.http import client_address, rate_limits
from newsroom.sign_in import Limit, SignInRefusedError, with_status

PER_ADDRESS: Final = Limit(10, 60 * 60)
PER_ACCOUNT: Final = Limit(3, 60 * 60)


class StaffPasswordResetForm(PasswordResetForm):
    """Django's form, only for staff. A thread sends the e-mails, so response times do not reveal accounts."""

    request: HttpRequest

    def get_users(self, email: str) -> Iterator[User]:
        for user in super().get_users(email):
            who = f"password-reset:account:{user.pk}"
            is_limited = rate_limits.seconds_to_wait(who, PER_ACCOUNT.attempts, PER_ACCOUNT.seconds)
            if user.is_staff and not is_limited:
                events.announce(Event.PASSWORD_RESET_REQUESTED, user, by=None, request=self.request)
                yield user

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        subject = "".join(render_to_string(subject_template_name, context).splitlines())
        text = render_to_string(email_template_name, context)
        notices.send(EmailMessage(subject, text, from_email, [to_email]))


class _Request(views.PasswordResetView):
    form_class = StaffPasswordResetForm
    success_url = reverse_lazy("access:password_reset_done")
    email_template_name = "admin/access/password_reset_email.txt"
    subject_template_name = "admin/access/password_reset_subject.txt"

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        network = client_address.network_of(client_address.of_request(self.request))
        who = f"password-reset:address:{network}"
        if seconds := rate_limits.seconds_to_wait(who, PER_ADDRESS.attempts, PER_ADDRESS.seconds):
            refusal = SignInRefusedError(seconds)
            form.add_error(None, refusal)
            response = self.render_to_response(self.get_context_data(form=form))
            response.status_code, response.headers["Retry-After"] = 429, str(seconds)
            return response
        assert isinstance(form, StaffPasswordResetForm)
        form.request = self.request
        # Links name the site's own address, whatever host the request named.
        site = urlsplit(settings.SITE_URL)
        self.extra_email_context = {
            "domain": site.netloc,
            "protocol": site.scheme,
            "site_name": settings.SITE_NAME,
        }
        return super().form_valid(form)


class _Confirm(views.PasswordResetConfirmView):
    success_url = reverse_lazy("access:password_reset_complete")

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        response = super().form_valid(form)
        assert isinstance(form.user, User)
        initial_passwords.clear(form.user)
        detail = _("by e-mail")
        events.announce(Event.PASSWORD_CHANGED, form.user, by=form.user, request=self.request, detail=detail)
        return response


def _page(view_class: type[Any]) -> Callable[..., HttpResponse]:
    """Return one of Django's pages in the admin's look; 404 on a site that sends no mail."""

    class Page(view_class):
        def get_context_data(self, **context: Any) -> dict[str, Any]:
            page: dict[str, Any] = super().get_context_data(**admin.site.each_context(self.request) | context)
            return page

    page = Page.as_view()

    @never_cache
    @wraps(view_class, updated=())
    def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not settings.HAS_MAIL:
            raise Http404
        request.current_app = admin.site.name
        response: HttpResponse = page(request, **kwargs)
        return with_status(request, response)

    return view


request_mail = _page(_Request)
mail_sent = _page(views.PasswordResetDoneView)
set_password = _page(_Confirm)
complete = _page(views.PasswordResetCompleteView)
