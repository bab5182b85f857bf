"""Public renditions of pictures, cached so briefly that a takedown takes effect."""

from __future__ import annotations

import errno

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from liveblog import publishing
from newsroom.http.caching import POLL
from newsroom.pictures import MEDIA_TYPES


@require_safe
def rendition(request: HttpRequest, key: str, width: int, extension: str) -> HttpResponse:
    """Serve a rendition. Its bytes never change, but it is removed when its picture is taken down."""
    if extension not in MEDIA_TYPES:
        raise Http404
    etag = f'"{key}-{width}-{extension}"'
    try:
        with publishing.open_public(key, width, extension) as file:
            response = get_conditional_response(request, etag=etag)
            response = response or HttpResponse(file.read(), content_type=MEDIA_TYPES[extension])
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
            raise
        raise Http404 from None
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = POLL
    return response
