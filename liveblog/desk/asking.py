"""The question before a published update is saved: is the change a correction that readers are told about?"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from liveblog.desk import composer
from liveblog.desk.access import desk_view
from liveblog.desk.composer import ComposerForm
from liveblog.desk.differences import Effort, differences_between
from liveblog.models import LiveBlog, Update
from liveblog.publishing import Content
from newsroom.http.parameters import whole_number
from newsroom.text import html

# Arabic numbers, and Chinese ones of two characters or before a measure word: 一些 and 一直 are not numbers.
_NUMBER: Final = re.compile(
    r"\d+(?:[.,:]\d+)*"
    r"|[〇零一二三四五六七八九十百千萬万億亿兩两]{2,}"
    r"|[一二三四五六七八九十兩两](?=[人名個个宗間间架輛辆艘隻只歲岁日月時时分元度級级次場场票成倍公米])"
)
_QUOTATION: Final = re.compile(r"「[^」]*」|『[^』]*』|“[^”]*”|\"[^\"]*\"|«[^»]*»")


@desk_view
@require_POST
def ask(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Return how the composer's text differs from the published update, and what suggests a correction."""
    update = get_object_or_404(Update, blog=blog, pk=whole_number(request.POST.get("update")) or 0)
    update.blog = blog
    form = ComposerForm(request.POST)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    before = Content.of(update).untagged().as_json()
    after = composer.content_of(form, request, update).checked(blog.language).untagged().as_json()
    context = {"differences": differences_between(before, after, Effort()), "lang": blog.lang}
    return JsonResponse(
        {
            "html": render_to_string("desk/_differences.html", context) if context["differences"] else "",
            "reason": str(suggestion(before, after)),
        }
    )


def suggestion(before: dict[str, Any], after: dict[str, Any]) -> str | Promise:
    """Return why a change to these contents looks like a correction; an empty string if it does not."""
    old, new = _text_of(before), _text_of(after)
    if _counted(_NUMBER, old) != _counted(_NUMBER, new):
        return _("A number has changed.")
    if _counted(_QUOTATION, old) != _counted(_QUOTATION, new):
        return _("A quotation has changed.")
    if before["verification"] != after["verification"]:
        return _("The verification has changed.")
    return ""


def _text_of(content: dict[str, Any]) -> str:
    return f"{content['heading']}\n{html.plain_text(content['body'])}"


def _counted(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(pattern.findall(text))
