// What is pasted from word processors and other sites, before the editor reads it.

/**
 * The same HTML without styles and handlers, and as elements what its styles meant: the policy of our pages
 * applies no inline style, so the editor would take Google's `<b style="font-weight: normal">` for bold.
 */
export function tidied(html) {
  const template = document.createElement("template");
  // Renamed before it is read: where a policy forbids them, even a template that is never shown complains.
  template.innerHTML = html.replace(/<[^>]*>/g, (tag) => tag.replace(/\s(style|on\w+)(?=\s*=)/gi, " data-pasted-$1"));
  template.content.querySelectorAll("style").forEach((element) => element.remove());
  for (const element of template.content.querySelectorAll("h1, h2, h5, h6")) become("h3", element);
  for (const element of template.content.querySelectorAll("[data-pasted-style]")) {
    const styles = element.dataset.pastedStyle;
    element.removeAttribute("data-pasted-style");
    if (/^(B|STRONG)$/.test(element.tagName) && /(?<![\w-])font-weight:\s*(normal|400)/i.test(styles)) become("span", element);
    if (element.tagName !== "SPAN") continue;
    if (/(?<![\w-])font-weight:\s*(bold|[6-9]00)/i.test(styles)) surround(element, "strong");
    if (/(?<![\w-])font-style:\s*italic/i.test(styles)) surround(element, "em");
  }
  return template.innerHTML;
}

function become(name, element) {
  const other = document.createElement(name);
  other.append(...element.childNodes);
  element.replaceWith(other);
}

function surround(element, name) {
  const inner = document.createElement(name);
  inner.append(...element.childNodes);
  element.append(inner);
}
