"""Base classes of API views: English, no cookies, ETags, cache headers and strict query parameters."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from liveblog import visibility
from liveblog.api.entry import BoundedJSONParser
from liveblog.api.keys import KeyAuthentication, PerAddressOrKey, ScopesAllow, viewer_of
from liveblog.api.problems import problem
from liveblog.models.blog import Language
from liveblog.presentation.views import Head
from newsroom.http import cors
from newsroom.http.caching import PERSONAL, POLL, etag_of, mark_poll
from newsroom.http.compression import compress
from newsroom.http.parameters import canonical_query
from newsroom.site import absolute, path_of

_MOST_NAMED: Final = 10
EDITIONS: Final = [language.value for language in Language if language.other_script]


class PageRenderer(BrowsableAPIRenderer):
    """The browsable page: without forms and scripts, so that it needs no cookie."""

    def get_filter_form(self, *args: Any) -> None:
        return None

    def show_form_for_method(self, *args: Any) -> bool:
        return False


class PublicView(APIView):
    """Base class of every API view. A view of one live blog calls `is_known` before it reads other rows."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [ScopesAllow]
    throttle_classes = [PerAddressOrKey]
    parser_classes = [BoundedJSONParser]
    renderer_classes = [JSONRenderer, PageRenderer]
    # Query parameters in addition to those of filters and pagination.
    query_names: ClassVar[frozenset[str]] = frozenset()
    # True if the view takes the parameter `edition`.
    has_editions = False
    # The members that the parameter `fields` may select; empty if the view does not take it.
    field_names: ClassVar[tuple[str, ...]] = ()
    is_poll = False

    etag = ""
    edition: str | None = None
    fields: frozenset[str] = frozenset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return compress(request, self._answer(request, *args, **kwargs))

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if cors.is_preflight(request):
            return cors.preflight()
        with translation.override("en"):
            response = super().dispatch(request, *args, **kwargs)
            assert isinstance(response, HttpResponse)
            if isinstance(response, Response):
                response.render()
        if request.method in SAFE_METHODS and not self._is_page():
            response = self._with_etag(request, response)
            if self.is_poll:
                mark_poll(response)
            cors.public_read(response)
        is_keyed = "Authorization" in request.headers or request.method not in SAFE_METHODS
        if is_keyed or self._is_browsable():
            response.headers["Cache-Control"] = PERSONAL
        response.headers.setdefault("Cache-Control", POLL)
        patch_vary_headers(response, [*self._negotiated_by(), "Authorization", "Accept-Encoding"])
        if request.method in ("GET", "HEAD") and response.status_code != 405:
            # Omit Allow, which is of no use here, to keep polls small.
            response.headers.pop("Allow", None)
        return response

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Return Django REST Framework's default headers except for Vary."""
        return {"Allow": ", ".join(self.allowed_methods)}

    def _with_etag(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add the ETag; return a 304 or 412 instead if the request's conditions call for it."""
        if response.status_code == 200:
            self.etag = self.etag or etag_of(response.content)
            response.headers["ETag"] = self.etag
            response = get_conditional_response(request, etag=self.etag, response=response) or response
        return problem(request, 412) if response.status_code == 412 else response

    # override: this response has no data, which the framework's own Response would render.
    def options(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        response = HttpResponse(status=204)
        response.headers["Allow"] = ", ".join(self.allowed_methods)
        return response

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, then throttle even if that failed, so that guesses at keys are counted as well."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Do nothing: `perform_authentication` has already checked the throttles."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not hasattr(self, str(request.method).lower()):
            # The response will be 405, whatever the query.
            return
        self._check_query(request)
        self.edition = request.query_params.get("edition")
        names = request.query_params.get("fields")
        self.fields = frozenset(names.split(",")) if names else frozenset()

    def is_known(self, blog: Head) -> HttpResponse | None:
        """Return a 304 if the client has this state of `blog`, else None. Call it before reading other rows.

        `blog` must be in the requested edition. The ETag covers the edition and the selected fields.
        """
        etag = blog.etag
        if self.fields:
            chosen = hashlib.blake2b(",".join(sorted(self.fields)).encode(), digest_size=4).hexdigest()
            etag = f'{etag[:-1]}-{chosen}"'
        return self.is_unchanged(etag)

    def is_unchanged(self, etag: str) -> HttpResponse | None:
        """Return a 304 if the client has the response with this ETag, else None."""
        if self._is_page():
            return None
        self.etag = etag
        response = get_conditional_response(self.request._request, etag=etag)
        if response is not None:
            response.headers["ETag"] = etag
        return response

    def sparse(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return only the members that `fields` selects, or all of them without `fields`."""
        return {name: value for name, value in item.items() if name in self.fields} if self.fields else item

    def address(self, query: QueryDict) -> str:
        """Return this view's public URL with its known parameters, built from SITE_URL, not the Host."""
        return absolute(path_of(self.request) + canonical_query(query, self._known_names()))

    def _is_page(self) -> bool:
        """Return whether the response is a page for people, which is never revalidated."""
        renderer = getattr(self.request, "accepted_renderer", None)
        return renderer is not None and renderer.format in ("api", "html")

    def _is_browsable(self) -> bool:
        """Return whether this is the browsable page, instead of the JSON at the same URL.

        Caches never store it, so the JSON need not vary on Accept. Every client has its own spelling of that
        header, and a shared cache would store each response once per spelling.
        """
        renderer = getattr(self.request, "accepted_renderer", None)
        return isinstance(renderer, PageRenderer) and "format" not in self.request.GET

    def _negotiated_by(self) -> list[str]:
        """Return the request headers that selected the format of this response."""
        formats = [renderer for renderer in self.renderer_classes if renderer is not PageRenderer]
        is_chosen = "format" not in self.request.GET and len(formats) > 1
        return ["Accept"] if is_chosen or self._is_browsable() else []

    def _check_query(self, request: Request) -> None:
        known = self._known_names() if request.method in SAFE_METHODS else {"format"}
        errors: dict[str, list[str]] = {}
        for name, values in request.query_params.lists():
            # Limit the errors, so that a response cannot be many times as long as its request.
            if len(errors) == _MOST_NAMED:
                break
            if name not in known:
                errors[name[:60]] = [f"There is no such parameter. Known here: {', '.join(sorted(known))}."]
            elif len(values) > 1:
                errors[name] = ["Give this parameter once."]
            elif not values[0] and name not in self.query_names:
                errors[name] = ["Give a value, or leave the parameter out."]
            elif name == "edition" and values[0] not in EDITIONS:
                errors[name] = [f"Choose one of: {', '.join(EDITIONS)}."]
            elif name == "fields" and (unknown := set(values[0].split(",")) - set(self.field_names)):
                names = ", ".join(name[:60] for name in sorted(unknown)[:_MOST_NAMED])
                known_here = ", ".join(self.field_names)
                errors[name] = [f"There is no “{names}” here, but: {known_here}."]
        if errors:
            raise ValidationError(errors)

    def _known_names(self) -> set[str]:
        known = set(self.query_names) | {"format"}
        if self.has_editions:
            known.add("edition")
        if self.field_names:
            known.add("fields")
        if filterset_class := getattr(self, "filterset_class", None):
            known |= set(filterset_class.base_filters)
        if paginator := getattr(self, "paginator", None):
            known |= {paginator.cursor_query_param, paginator.page_size_query_param}
        return known


class ListView(PublicView, ListModelMixin, GenericAPIView):
    """A page of a list of rows, in the requested edition and with the requested fields."""

    has_editions = True

    def list_by_state(self, request: Request) -> HttpResponse:
        """Return a page of the list, or a 304 if nothing that the requester may know of has changed."""
        # Build the query before reading the state, because invalid filters must be refused even then.
        self.filter_queryset(self.get_queryset())
        state = visibility.state_of(viewer_of(request), edition=self.edition)
        chosen = ",".join(sorted(self.fields))
        return self.is_unchanged(etag_of(f"{state.key}-{chosen}".encode())) or self.list(request)

    def read(self, rows: list[Any]) -> list[Any]:
        """Return the rows as the views that the serializer prints, in `self.edition`."""
        raise NotImplementedError

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        return self.read(super().paginate_queryset(queryset) or [])

    def get_paginated_response(self, data: list[dict[str, Any]]) -> Response:
        return super().get_paginated_response([self.sparse(item) for item in data])
