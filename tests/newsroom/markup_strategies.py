"""Hypothesis strategies for malformed markup, with tags cut, crossed, misspelt and repeated."""

from __future__ import annotations

from hypothesis import strategies as st

TAGS = [
    "p", "div", "h1", "h3", "h4", "ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot",
    "tr", "td", "th", "colgroup", "blockquote", "pre", "hr", "br", "a", "b", "i", "em", "q", "sub",
    "code", "span", "font", "button", "object", "svg", "math", "select", "option", "template",
    "style", "script", "title", "textarea", "form", "body",
]  # fmt: skip
ATTRIBUTES = (
    "",
    ' href="https://a.example/?a=1&amp;b=2"',
    " href=javascript:alert(1)",
    ' href="JaVa&#10;Script:alert(1)"',
    " href='&#1;javascript:alert(1)'",
    ' href="//b.example/&quot;&gt;"',
    " onclick=alert(1)",
    ' style="x:y" class=c id=i',
    ' lang="en"',
    " lang=zh-Hans",
    ' lang="de"',
    " start=3",
    ' colspan="2" rowspan=0 scope=row',
    " srcdoc=<b>",
    ' title="</p><script>"',
)
TEXTS = (
    "字",
    "The words",
    " ",
    "\n",
    "\r\n",
    "　",
    "\u00a0",
    "\u0001",
    "\ufffe",
    "<",
    ">",
    '"',
    "&",
    "&amp;",
    "&lt;b&gt;",
    "&nbsp;",
    "&#13;",
    "&#x1;",
    "&#99999999;",
    "&notit;",
    "<!--",
    "-->",
    "<!-->",
    "<![CDATA[",
    "]]>",
    "</",
    "</>",
    "<?",
    "<p",
    '<a href="',
)


def _tag(name: str, attributes: str, form: str) -> str:
    return form.format(name=name, attributes=attributes)


tags = st.builds(
    _tag,
    st.sampled_from(TAGS),
    st.sampled_from(ATTRIBUTES),
    st.sampled_from(["<{name}{attributes}>"] * 4 + ["</{name}>"] * 3 + ["<{name}{attributes}/>", "<{name}"]),
)
markup = st.lists(tags | st.sampled_from(TEXTS), max_size=14).map("".join)
