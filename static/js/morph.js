// Replacing only what differs: a video plays on, the focus stays, and what a reader opened stays open.

import { align } from "./lib/align.mjs";

// Readers open `<details>`, and scripts make headings focusable: neither is in the server's markup.
const LEFT_ALONE = ["open", "tabindex"];

/** Make `old` equal to `fresh`, which is the server's markup of the same element. `fresh` is used up. */
export function morph(old, fresh) {
  keepingFocus(old, () => morphElement(old, fresh));
}

/** Make the children of `old` those of `fresh`, an element or a fragment. */
export function morphInside(old, fresh) {
  keepingFocus(old, () => morphChildren(old, fresh));
}

function morphElement(old, fresh) {
  // What somebody has typed or chosen is theirs, and the bar says how the page itself is doing.
  if (old.matches("input, textarea, select, [data-live-bar]")) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !LEFT_ALONE.includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, fresh);
}

/**
 * Nodes that say the same stay untouched; of the others those of one kind are changed into each other, and the
 * rest is removed and inserted. Nothing is moved: a frame that moves loads again.
 */
function morphChildren(old, fresh) {
  const mine = [...old.childNodes].filter((node) => !isAdded(node));
  const theirs = [...fresh.childNodes];
  const partners = new Map();
  const same = align(mine.map(contentOf), theirs.map(contentOf));
  let i = 0;
  let j = 0;
  for (const [nextI, nextJ] of [...same, [mine.length, theirs.length]]) {
    const gap = align(mine.slice(i, nextI).map(kindOf), theirs.slice(j, nextJ).map(kindOf));
    for (const [inA, inB] of gap) partners.set(theirs[j + inB], { node: mine[i + inA], isSame: false });
    if (nextI < mine.length) partners.set(theirs[nextJ], { node: mine[nextI], isSame: true });
    [i, j] = [nextI + 1, nextJ + 1];
  }
  const staying = new Set([...partners.values()].map(({ node }) => node));
  for (const node of mine) if (!staying.has(node)) node.remove();
  let last = null;
  for (const node of theirs) {
    const partner = partners.get(node);
    if (!partner) old.insertBefore(node, last ? last.nextSibling : old.firstChild);
    else if (!partner.isSame) change(partner.node, node);
    last = partner?.node ?? node;
  }
}

function change(node, fresh) {
  if (node.nodeType === Node.ELEMENT_NODE) morphElement(node, fresh);
  else if (node.data !== fresh.data) node.data = fresh.data;
}

/** Whether a script of ours put the node there: no markup of the server's has it. */
function isAdded(node) {
  return node.nodeType === Node.ELEMENT_NODE && node.classList.contains("ago");
}

/** What a node says, as text: equal for two nodes of which neither needs to be changed into the other. */
function contentOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.data;
  const state = stateOf(node);
  if (state) return `<${state}>`;
  const attributes = [...node.attributes]
    .filter(({ name }) => !LEFT_ALONE.includes(name))
    .map(({ name, value }) => `${name}=${JSON.stringify(value)}`)
    .sort();
  const children = [...node.childNodes].filter((child) => !isAdded(child)).map(contentOf);
  return `<${node.localName} ${attributes.join(" ")}>${children.join("")}</${node.localName}>`;
}

/** Nodes of one kind can be changed into each other. */
function kindOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  return stateOf(node) || [node.localName, node.id, node.dataset.id, node.classList[0]].join(" ");
}

/**
 * A name for a node whose state the server does not know: a video or post of another site, which the reader was
 * offered (a button) or has loaded (a frame), and the bar. Empty for all others.
 */
function stateOf(node) {
  if (node.matches("[data-live-bar]")) return "bar";
  if (node.matches("iframe.embed-frame")) return `media ${node.src}`;
  const button = node.matches(".embed-ask") && node.querySelector("[data-embed]");
  return button ? `media ${new URL(button.dataset.embed, location).href}` : "";
}

/** If the focused element goes, the focus goes to what it stood in: not to the start of the page. */
export function keepingFocus(container, replace) {
  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  replace();
  if (!focused || focused.isConnected || !container.isConnected) return;
  container.tabIndex = -1;
  container.focus({ preventScroll: true });
}
