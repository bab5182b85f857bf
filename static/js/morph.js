// Patch the DOM only where it differs, so that videos keep playing, focus stays and opened details stay open.

import { align } from "./lib/align.mjs";

// Readers open `<details>` and scripts make headings focusable; the server's markup has neither attribute.
const LEFT_ALONE = ["open", "tabindex"];

/** Make `old` equal to `fresh`, the server's markup of the same element. Nodes of `fresh` are moved into `old`. */
export function morph(old, fresh) {
  keepingFocus(old, () => morphElement(old, fresh));
}

/** Make the children of `old` equal to those of `fresh`, an element or a fragment. */
export function morphInside(old, fresh) {
  keepingFocus(old, () => morphChildren(old, fresh));
}

function morphElement(old, fresh) {
  // Keep what the reader has entered, and the live bar, which shows the state of this page's own connection.
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
 * Leave equal nodes untouched, patch differing nodes of the same kind, and remove and insert the rest. Never move
 * a node, because a frame that is moved loads again.
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

/** Return whether our scripts added the node, so that the server's markup does not contain it. */
function isAdded(node) {
  return node.nodeType === Node.ELEMENT_NODE && node.classList.contains("ago");
}

/** Return a canonical text of a node; two nodes with the same text need no patch. */
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

/** Return the kind of a node; nodes of the same kind can be patched into each other. */
function kindOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  return stateOf(node) || [node.localName, node.id, node.dataset.id, node.classList[0]].join(" ");
}

/**
 * Return a key for a node whose state only the browser knows: the live bar, and external media, either as the
 * button that offers it or as the loaded frame. Return "" for all other nodes.
 */
function stateOf(node) {
  if (node.matches("[data-live-bar]")) return "bar";
  if (node.matches("iframe.embed-frame")) return `media ${node.src}`;
  const button = node.matches(".embed-ask") && node.querySelector("[data-embed]");
  return button ? `media ${new URL(button.dataset.embed, location).href}` : "";
}

/** If `replace` removes the focused element, focus the container instead of losing the position on the page. */
export function keepingFocus(container, replace) {
  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  replace();
  if (!focused || focused.isConnected || !container.isConnected) return;
  container.tabIndex = -1;
  container.focus({ preventScroll: true });
}
