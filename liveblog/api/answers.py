"""What every answer has in common: English, no cookie, an ETag, headers for caches, known parameters."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog.api.problems import problem
from liveblog.models import LiveBlog
from newsroom.caching import POLL, etag_of_body


class PageRenderer(BrowsableAPIRenderer):
    """The browsable page: without forms and scripts, so that it needs no cookie."""

    def get_filter_form(self, *args: Any) -> None:
        return None

    def show_form_for_method(self, *args: Any) -> bool:
        return False


class PublicView:
    """Mixed into each view. A view over one blog says early what state it answers from, by `is_known`."""

    renderer_classes = [JSONRenderer, PageRenderer]
    # Parameters beside those of the filters and of pagination.
    query_names: ClassVar[frozenset[str]] = frozenset()
    is_poll = False
    etag = ""

    @method_decorator(gzip_page)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override("en"):
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response):
                response.render()
        response.headers.setdefault("Cache-Control", POLL)
        patch_vary_headers(response, ["Accept", "Accept-Encoding"])
        if self._is_page():
            return response
        response.is_poll = self.is_poll
        if response.status_code == 200:
            self.etag = self.etag or etag_of_body(response.content)
            response.headers["ETag"] = self.etag
            response = get_conditional_response(request, etag=self.etag, response=response)
        if response.status_code == 412:
            return problem(request, 412)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._check_query(request)

    def is_known(self, blog: LiveBlog) -> HttpResponse | None:
        """Answer from `blog`'s number: 304 when the client has that state, before any other row is read."""
        if self._is_page():
            return None
        self.etag = blog.etag
        response = get_conditional_response(self.request._request, etag=self.etag)
        if response is not None:
            response.headers["ETag"] = self.etag
        return response

    def _is_page(self) -> bool:
        """Pages are for people: their browsers ask anew each time."""
        renderer = getattr(self.request, "accepted_renderer", None)
        return renderer is not None and renderer.format in ("api", "html")

    def _check_query(self, request: Request) -> None:
        known = set(self.query_names) | {"format"}
        if getattr(self, "filterset_class", None):
            known |= set(self.filterset_class.base_filters)
        if getattr(self, "paginator", None):
            known |= {self.paginator.cursor_query_param, self.paginator.page_size_query_param}
        errors = {}
        for name, values in request.query_params.lists():
            if name not in known:
                errors[name] = [f"There is no such parameter. Known here: {', '.join(sorted(known))}."]
            elif len(values) > 1:
                errors[name] = ["Give this parameter once."]
            elif not values[0] and name not in self.query_names:
                errors[name] = ["Give a value, or leave the parameter out."]
        if errors:
            raise ValidationError(errors)
