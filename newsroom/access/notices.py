"""E-mails to staff about their accounts.

They are sent from a thread, so that no response waits for the mail server: its response time would otherwise
reveal whether an account exists.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from newsroom import hongkong
from newsroom.http import client_address

logger = logging.getLogger(__name__)
_mailer: Final = ThreadPoolExecutor(1, thread_name_prefix="mail")


def tell(
    person: User, event: models.TextChoices, by: User | None, request: HttpRequest | None, detail: str
) -> None:
    """Tell a person by mail what happened to the account, once the transaction is committed."""
    if not person.email:
        return
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("%(site)s: your account") % {"site": settings.SITE_NAME}
        lines = [
            f"{event.label} ({detail})" if detail else str(event.label),
            _("Account: %(name)s") % {"name": person.get_username()},
            _("Time: %(at)s (UTC+8)") % {"at": f"{hongkong.now():%Y-%m-%d %H:%M}"},
        ]
        if by is not None and by != person:
            lines.append(_("By: %(name)s") % {"name": by.get_username()})
        if request is not None:
            lines.append(_("From the address: %(address)s") % {"address": client_address.of_request(request)})
        lines += ["", _("If you did not expect this, tell a chief editor at once.")]
    message = EmailMessage(subject, "\n".join(lines), to=[person.email])
    transaction.on_commit(partial(send, message))


def send(message: EmailMessage) -> None:
    _mailer.submit(_send, message)


def wait() -> None:
    """Wait until all e-mails so far have been sent, for tests."""
    _mailer.submit(lambda: None).result()


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.error("The e-mail to %s could not be sent: %s", message.to, error)
