"""What every template knows: who publishes the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "site": {
            "name": settings.SITE_NAME,
            "url": settings.SITE_URL,
            "language": settings.SITE_LANGUAGE,
            "logo_url": settings.SITE_LOGO_URL,
            "contact": settings.SITE_CONTACT,
            "legal_links": settings.SITE_LEGAL_LINKS,
        }
    }
