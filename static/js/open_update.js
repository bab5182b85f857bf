// The open page of a single update, which follows its live blog like every other page.

import { fetchPage, replaceWholeHead, rootOf } from "./fresh.js";
import { morph } from "./morph.js";
import { edgeBelow, ReadingPlace } from "./place.js";

// Pages of the changed update fetch it at once; the others spread their requests over a longer time.
const OWN_SPREAD = 500;
const SPREAD = 3_000;

export class OpenUpdate {
  constructor(root) {
    this.root = root;
    this.place = new ReadingPlace(edgeBelow(root.querySelector("[data-live-bar]")));
  }

  get number() {
    return Number(this.root.dataset.number);
  }
  get isLive() {
    return this.root.dataset.status === "live";
  }

  apply(delta) {
    if (delta.number <= this.number) return;
    this.root.dataset.number = delta.number;
    this.root.dataset.status = delta.blog.status;
    const own = delta.updates.find(({ id }) => String(id) === this.root.dataset.update);
    if (own && own.status !== "published") this.#empty(own);
    this.#refreshWithin(own ? OWN_SPREAD : SPREAD);
  }

  /** Remove withdrawn text at once, because the page that replaces it may take seconds to load. */
  #empty({ html = "" }) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const tombstone = template.content.querySelector(".tombstone");
    this.place.keep(() => this.root.querySelector("article").replaceChildren(...(tombstone ? [tombstone] : [])));
    replaceWholeHead(new DocumentFragment());
    document.title = this.root.dataset.site;
  }

  #refreshWithin(spread) {
    const at = Date.now() + Math.random() * spread;
    if (this.isRefreshing || this.refreshAt <= at) return;
    clearTimeout(this.timer);
    this.refreshAt = at;
    this.timer = setTimeout(() => this.#refresh(), at - Date.now());
  }

  async #refresh() {
    this.isRefreshing = true;
    this.refreshAt = undefined;
    let page;
    // More may have changed meanwhile.
    do page = await fetchPage(this.number);
    while (page && Number(rootOf(page).dataset.number) < this.number);
    this.isRefreshing = false;
    if (!page || page.documentElement.lang !== document.documentElement.lang) return void location.reload();
    document.title = page.title;
    replaceWholeHead(page.head);
    this.place.keep(() => morph(this.root, rootOf(page)));
  }
}
