"""Email notices about failing webhooks, to the partner's contact and the site's."""

from __future__ import annotations

import enum
import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from liveblog.models import Webhook
from newsroom import hongkong

logger = logging.getLogger(__name__)


class Notice(enum.Enum):
    WARNING = "warning"
    DISABLED = "disabled"


def send(notice: Notice, webhook: Webhook, reason: str) -> None:
    """Email the partner's contact, copying the site's. Log a notice that cannot be sent."""
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = _compose(notice, webhook, reason)
    logger.warning("Webhook %s of %s: %s (%s)", webhook.url, webhook.partner, notice.value, reason)
    message = EmailMessage(subject, text, to=[webhook.partner.contact])
    if settings.SITE_CONTACT:
        message.cc = [settings.SITE_CONTACT]
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.error("The notice to %s could not be sent: %s", webhook.partner.contact, error)


def _compose(notice: Notice, webhook: Webhook, reason: str) -> tuple[str, str]:
    context = {
        "site": settings.SITE_NAME,
        "partner": webhook.partner.name,
        "url": webhook.url,
        "since": _moment(webhook),
        "reason": reason,
    }
    if notice is Notice.WARNING:
        subject = _("%(site)s: your webhook fails") % context
        text = _(
            "What %(site)s sends to %(url)s (%(partner)s) has not arrived since %(since)s.\n"
            "The last attempt: %(reason)s\n\n"
            "We go on trying. If it fails for three days, the webhook is switched off.\n"
            "Nothing is lost: once it answers, all that it missed follows in order.\n"
        )
    else:
        subject = _("%(site)s: your webhook is switched off") % context
        text = _(
            "%(site)s sends nothing more to %(url)s (%(partner)s).\n"
            "The last attempt: %(reason)s\n\n"
            "Nothing is lost: write to us once it answers again. When we switch it on, all that it missed "
            "follows in order.\n"
        )
    return subject, text % context


def _moment(webhook: Webhook) -> str:
    at = webhook.failing_since_at
    return f"{hongkong.to_hong_kong(at):%Y-%m-%d %H:%M} (UTC+8)" if at else ""
