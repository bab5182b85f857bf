// Clean-up of HTML pasted from word processors and other sites, before the editor parses it.

// Word writes lists as paragraphs whose style names list and level, with the marker in a span.
const LIST_LEVEL = /(?<![\w-])mso-list:\s*l\d+\s+level(\d+)/i;
const LIST_MARKER = /(?<![\w-])mso-list:\s*ignore/i;
// Bullets are letters of a symbol font ("l", "o", "§"), so a letter is a number only with a mark behind it.
const NUMBER_MARKER = /^[(（]?(\d+|[a-z]{1,4}|[一二三四五六七八九十]+)[.．)）、]/i;
const HIDDEN = /(?<![\w-])(mso-hide:\s*all|display:\s*none)/i;
const MEANINGS = [
  [/(?<![\w-])font-weight:\s*(bold|[6-9]00)/i, "strong"],
  [/(?<![\w-])font-style:\s*italic/i, "em"],
  [/(?<![\w-])text-decoration(-line)?:[^;]*line-through/i, "s"],
  [/(?<![\w-])text-decoration(-line)?:[^;]*underline/i, "u"],
  [/(?<![\w-])vertical-align:\s*super/i, "sup"],
  [/(?<![\w-])vertical-align:\s*sub(?!\w)/i, "sub"],
];

/**
 * Return the HTML without inline styles and event handlers, with elements in place of meaningful styles.
 *
 * The CSP blocks inline styles, so the editor would take Google's `<b style="font-weight: normal">` for bold.
 */
export function tidied(html) {
  const template = document.createElement("template");
  // Rename the attributes before parsing, because even an inert template reports CSP violations.
  template.innerHTML = html.replace(/<[^>]*>/g, (tag) => tag.replace(/\s(style|on\w+)(?=\s*=)/gi, " data-pasted-$1"));
  const { content } = template;
  for (const element of content.querySelectorAll("style, del")) element.remove();
  for (const element of content.querySelectorAll("h1, h2, h5, h6, p.MsoTitle")) become("h3", element);
  for (const element of content.querySelectorAll("p.MsoQuote, p.MsoIntenseQuote")) wrap("blockquote", element);
  joinLists(content);
  makeLists(content);
  for (const element of content.querySelectorAll("[data-pasted-style]")) {
    const styles = element.dataset.pastedStyle;
    element.removeAttribute("data-pasted-style");
    if (HIDDEN.test(styles)) element.remove();
    else giveMeaning(element, styles);
  }
  return template.innerHTML;
}

/** Turn Word's list paragraphs into lists, nested by their levels. */
function makeLists(root) {
  let open = [];
  for (const paragraph of root.querySelectorAll("[data-pasted-style]")) {
    const level = Number(LIST_LEVEL.exec(paragraph.dataset.pastedStyle)?.[1]);
    if (!level) continue;
    const marker = takeMarker(paragraph);
    const name = NUMBER_MARKER.test(marker) ? "ol" : "ul";
    if (!open.length || previousNode(paragraph) !== open[0].list) open = [];
    open = open.filter((outer) => outer.level < level || (outer.level === level && outer.list.localName === name));
    if (open.at(-1)?.level !== level) open.push({ level, list: startList(name, marker, paragraph, open.at(-1)?.list) });
    const item = document.createElement("li");
    item.append(...paragraph.childNodes);
    open.at(-1).list.append(item);
    paragraph.remove();
  }
}

function startList(name, marker, paragraph, outer) {
  const list = document.createElement(name);
  const first = Number.parseInt(marker.replace(/^[(（]/, ""), 10);
  if (name === "ol" && first > 1) list.setAttribute("start", first);
  if (outer) outer.lastElementChild.append(list);
  else paragraph.before(list);
  return list;
}

function takeMarker(paragraph) {
  const spans = [...paragraph.querySelectorAll("[data-pasted-style]")];
  const marker = spans.find((span) => LIST_MARKER.test(span.dataset.pastedStyle));
  marker?.remove();
  return marker?.textContent.trim() ?? "";
}

/** Join the lists of one item each that Word's web editor wraps in a `div` of their own. */
function joinLists(root) {
  for (const wrapper of root.querySelectorAll("div.ListContainerWrapper")) {
    const list = wrapper.firstElementChild;
    const before = previousNode(wrapper);
    const isNext = list && before?.localName === list.localName && before.hasAttribute("data-pasted-joined");
    if (isNext) {
      before.append(...list.childNodes);
      wrapper.remove();
    } else {
      list?.setAttribute("data-pasted-joined", "");
      wrapper.replaceWith(...wrapper.childNodes);
    }
  }
}

/** Return the node before `node`, skipping white space and comments. */
function previousNode(node) {
  let previous = node.previousSibling;
  while (previous && (previous.nodeType === Node.COMMENT_NODE || previous.textContent.trim() === "")) {
    previous = previous.previousSibling;
  }
  return previous;
}

function giveMeaning(element, styles) {
  if (/^(B|STRONG)$/.test(element.tagName) && /(?<![\w-])font-weight:\s*(normal|400)/i.test(styles)) {
    become("span", element);
  }
  // On blocks and links, these styles are the site's design, not the author's emphasis.
  if (element.tagName !== "SPAN") return;
  for (const [style, name] of MEANINGS) {
    if (style.test(styles)) surround(element, name);
  }
}

function become(name, element) {
  const other = document.createElement(name);
  other.append(...element.childNodes);
  element.replaceWith(other);
}

function wrap(name, element) {
  const outer = document.createElement(name);
  element.before(outer);
  outer.append(element);
}

function surround(element, name) {
  const inner = document.createElement(name);
  inner.append(...element.childNodes);
  element.append(inner);
}
