"""Views of share cards, the preview pictures of pages.

A card's URL contains a hash of its text (`newsroom.share_cards.Card.version`). Only the card with the page's
current text is drawn; URLs with other hashes redirect to it. So clients cannot make the server draw anything
but public text, and a card disappears with its page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from liveblog import visibility
from liveblog.models import Update
from liveblog.presentation import reading
from liveblog.presentation.addresses import Withdrawn, find_blog
from liveblog.presentation.share_cards import card_of_blog, card_of_site, card_of_topic, card_of_update
from liveblog.reader.scripts import plain_address, site_language
from liveblog.visibility import PUBLIC
from newsroom import share_cards
from newsroom.http.caching import POLL
from newsroom.share_cards import Card
from newsroom.site import path_of

_TYPE: Final = "image/png"


def _served(view: Callable[..., Card]) -> Callable[..., HttpResponse]:
    """Serve the card that `view` returns, and redirect from any other version to it."""

    def wrapped(request: HttpRequest, *, version: str, **arguments: Any) -> HttpResponse:
        try:
            card = view(**arguments)
        except Withdrawn:
            return HttpResponse(status=410, headers={"Cache-Control": POLL})
        if version != card.version:
            response: HttpResponse = HttpResponseRedirect(path_of(request).replace(version, card.version))
        else:
            etag = f'"{version}"'
            response = get_conditional_response(request, etag=etag) or HttpResponse(
                share_cards.draw(card), content_type=_TYPE
            )
            response.headers["ETag"] = etag
        # Cache it no longer than a poll, because a card must disappear with the text that it shows.
        response.headers["Cache-Control"] = POLL
        return response

    return require_safe(plain_address(wrapped))


@_served
def site_card(edition: str | None = None) -> Card:
    return card_of_site(site_language(edition))


@_served
def topic_card(slug: str, edition: str | None = None) -> Card:
    language = site_language(edition)
    row = get_object_or_404(visibility.readable_topics(PUBLIC), slug=slug)
    (topic,) = reading.topics([row], edition)
    return card_of_topic(topic, language)


@_served
def blog_card(slug: str, edition: str | None = None) -> Card:
    return card_of_blog(reading.title_of(find_blog(PUBLIC, slug, edition)))


@_served
def update_card(slug: str, pk: int, edition: str | None = None) -> Card:
    blog = reading.title_of(find_blog(PUBLIC, slug, edition))
    row = get_object_or_404(Update.objects.filter(blog=blog.pk).visible(), pk=pk)
    if row.is_withdrawn:
        raise Withdrawn(blog)
    (update,) = reading.titles(blog, [row])
    return card_of_update(update)
