// An open page's updates: apply deltas without moving the text that the reader is looking at.

import { fetchPage, LINKED_DATA, replaceHead, rootOf } from "./fresh.js";
import { decide, placeOf } from "./lib/timeline.mjs";
import { keepingFocus, morph, morphInside } from "./morph.js";
import { edgeBelow, ReadingPlace } from "./place.js";

const ANNOUNCE_EVERY = 30_000;

export class OpenPage {
  constructor(root) {
    this.root = root;
    this.timeline = root.querySelector("#updates");
    this.pill = root.querySelector("[data-pill]");
    this.announcer = root.querySelector("[data-announce]");
    this.place = new ReadingPlace(edgeBelow(root.querySelector("[data-live-bar]")));
    this.title = document.title;
    // The number of updates on a freshly loaded page.
    this.size = Number(root.dataset.size);
    // New updates waiting behind the pill, by id; only the newest of them with their markup.
    this.waiting = new Map();
    this.announcedAt = 0;
    this.pill.addEventListener("click", () => this.showWaiting());
    addEventListener("scroll", () => this.place.isAtTop && this.#showWaitingAtTop(), { passive: true });
  }

  get number() {
    return Number(this.root.dataset.number);
  }
  get isLive() {
    return this.root.dataset.status === "live";
  }
  get hasOlder() {
    return this.root.dataset.hasOlder !== undefined;
  }
  set hasOlder(hasOlder) {
    this.root.toggleAttribute("data-has-older", hasOlder);
  }
  get #items() {
    return [...this.timeline.querySelectorAll("li.update")];
  }

  apply(delta) {
    if (delta.number <= this.number) return;
    // All labels of the page are in the live blog's language, so load it again in the new one.
    if (delta.blog.language !== document.documentElement.lang) return void location.reload();
    const { document: head = "", ...regions } = delta.regions;
    this.place.keep(() => {
      this.#repaintRegions(regions);
      for (const update of delta.updates) this.#applyUpdate(update);
      if (this.place.isAtTop) this.#insertWaiting();
      this.#trim();
    });
    this.#describe(head);
    this.root.dataset.number = delta.number;
    this.root.dataset.status = delta.blog.status;
    this.#showPill();
    const start = delta.blog.coverage_start_at;
    if (start !== this.root.dataset.start || this.#isShort) this.#complete(start);
  }

  /** Insert the waiting updates and move the reader to the newest one. */
  showWaiting() {
    const newest = this.#insertWaiting();
    if (!newest) return;
    const item = document.getElementById(`update-${newest.id}`);
    const heading = item.querySelector("h3") ?? item;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    item.scrollIntoView({ block: "start", behavior: "instant" });
    this.#trim();
    this.place.mark();
  }

  #showWaitingAtTop() {
    if (!this.#insertWaiting()) return;
    this.#trim();
    this.place.mark();
  }

  /** Insert the waiting updates and return the newest one. */
  #insertWaiting() {
    const updates = [...this.waiting.values()].sort((a, b) => (a.order < b.order ? 1 : -1));
    this.waiting.clear();
    const fit = updates.filter(({ html }) => html);
    if (fit.length < updates.length) {
      // More updates are missing in between than fit on a page; those are on the pages of older updates.
      for (const item of this.#items) this.#remove(item);
      this.hasOlder = true;
    }
    for (const update of fit) this.#insert(update);
    this.#showPill();
    return fit[0];
  }

  /** Update title and metadata to those of a fresh page. The previous release's server does not send them. */
  #describe(head) {
    const fresh = this.#fragmentOf(head);
    this.title = fresh.querySelector("title")?.textContent ?? this.title;
    // The JSON-LD describes the page as loaded; withdrawn text must not survive in it.
    document.querySelector(LINKED_DATA)?.remove();
    // Embeds have no metadata.
    if (head && document.querySelector('meta[property="og:title"]')) replaceHead(fresh);
  }

  #repaintRegions(regions) {
    for (const [name, html] of Object.entries(regions)) {
      const region = this.root.querySelector(`[data-region="${name}"]`);
      if (region) morphInside(region, this.#fragmentOf(html));
    }
  }

  #applyUpdate(update) {
    if (this.waiting.has(update.id)) {
      this.waiting.delete(update.id);
      if (update.status === "published") return void this.#wait(update);
    }
    const item = document.getElementById(`update-${update.id}`);
    // Its publication was undone, which leaves no tombstone.
    if (update.status === "unpublished") return void (item && this.#remove(item));
    switch (decide(update, item?.dataset.order ?? null, this.#page())) {
      case "replace":
        this.#repaint(item, update);
        break;
      case "move":
        this.#move(item, update);
        break;
      case "remove":
        this.#remove(item);
        break;
      case "insert":
        this.#insert(update);
        break;
      case "announce":
        this.#wait(update);
        break;
    }
  }

  /** Let the update wait. Beyond one page's worth, keep only ids: older ones are on the pages of older updates. */
  #wait(update) {
    this.waiting.set(update.id, update);
    if (this.waiting.size <= this.size) return;
    const full = [...this.waiting.values()].filter(({ html }) => html);
    const oldest = full.reduce((one, other) => (one.order < other.order ? one : other));
    if (full.length > this.size) this.waiting.set(oldest.id, { id: oldest.id, order: oldest.order });
  }

  #page() {
    const orders = this.#items.map((item) => item.dataset.order);
    return { orders, before: this.root.dataset.before, hasOlder: this.hasOlder };
  }

  #insert(update) {
    this.#put(this.#elementOf(update.html), update);
  }

  /** Patch an update to its latest state; details that the reader has opened stay open. */
  #repaint(item, update) {
    morph(item, this.#elementOf(update.html));
    this.#headDay(item.closest(".day"), update.day_heading);
  }

  #move(item, update) {
    const day = item.closest(".day");
    keepingFocus(this.timeline, () => {
      morph(item, this.#elementOf(update.html));
      this.#put(item, update);
    });
    if (!day.querySelector("li.update")) day.remove();
  }

  /** Insert an update's element in order, under the heading of its day. */
  #put(item, { happened_on: day, day_heading: heading, order }) {
    this.timeline.querySelector(".empty")?.remove();
    const list = this.#day(day, heading).querySelector("ol");
    const others = [...list.children].filter((other) => other !== item);
    const next =
      others[
        placeOf(
          order,
          others.map((other) => other.dataset.order),
        )
      ] ?? null;
    // In browsers that support moveBefore, a playing video keeps playing.
    if (this.timeline.contains(item) && list.moveBefore) list.moveBefore(item, next);
    else list.insertBefore(item, next);
  }

  #remove(item) {
    const day = item.closest(".day");
    keepingFocus(this.timeline, () => {
      item.remove();
      if (!day.querySelector("li.update")) day.remove();
    });
    if (this.#items.length || this.hasOlder) return;
    const words = document.createElement("p");
    words.className = "empty";
    words.textContent = this.timeline.dataset.empty;
    this.timeline.append(words);
  }

  /**
   * Remove the oldest updates beyond a fresh page's size, so that an open page does not grow for ever. Keep those in
   * view or in use. The removed ones are on the next page of older updates.
   */
  #trim() {
    const items = this.#items;
    while (items.length > this.size) {
      const last = items.at(-1);
      const isUsed = last.contains(document.activeElement) || last.querySelector(".embed-frame");
      if (isUsed || last.getBoundingClientRect().top < innerHeight) break;
      this.#remove(items.pop());
      this.hasOlder = true;
    }
    this.#linkOlder(items.at(-1));
  }

  #linkOlder(last) {
    const nav = this.root.querySelector(".pages");
    if (!nav) return;
    const old = nav.querySelector("[rel=next]");
    if (!this.hasOlder || !last) return void old?.remove();
    const link = old ?? nav.appendChild(this.#elementOf('<a class="button" rel="next"></a>'));
    link.textContent = nav.dataset.older;
    link.href = `?before=${last.dataset.id}${this.root.dataset.isTextOnly ? "&text=1" : ""}`;
  }

  /** Whether updates were removed that a fresh page would replace with older ones. */
  get #isShort() {
    return this.hasOlder && this.#items.length + this.waiting.size < this.size;
  }

  /** Take from a fresh page what deltas do not contain: updates that move up, and day headings. */
  async #complete(start) {
    if (this.isCompleting) return;
    this.isCompleting = true;
    const page = await fetchPage(this.number);
    this.isCompleting = false;
    if (!page) return void location.reload();
    const root = rootOf(page);
    this.root.dataset.start = start;
    this.place.keep(() => {
      for (const day of root.querySelectorAll(".day")) this.#takeDay(day);
      if (this.#items.length <= root.querySelectorAll("li.update").length) {
        this.hasOlder = root.dataset.hasOlder !== undefined;
      }
      this.#trim();
    });
  }

  #takeDay(day) {
    const heading = day.querySelector("h2").textContent;
    const own = this.timeline.querySelector(`.day[data-day="${day.dataset.day}"]`);
    if (own) this.#headDay(own, heading);
    for (const item of day.querySelectorAll("li.update")) {
      const last = this.#items.at(-1);
      if (last && item.dataset.order >= last.dataset.order) continue;
      this.#put(item, { happened_on: day.dataset.day, day_heading: heading, order: item.dataset.order });
    }
  }

  #headDay(section, heading) {
    const title = section.querySelector("h2");
    if (title.textContent !== heading) title.textContent = heading;
  }

  /** Return the section of a Hong Kong day; create it if it does not exist. */
  #day(day, heading) {
    const days = [...this.timeline.querySelectorAll(".day")];
    const own = days.find((section) => section.dataset.day === day);
    if (own) {
      this.#headDay(own, heading);
      return own;
    }
    const section = this.#elementOf(
      `<section class="day" aria-labelledby="day-${day}">
        <h2 id="day-${day}"></h2><ol role="list" class="updates"></ol>
      </section>`,
    );
    section.dataset.day = day;
    section.querySelector("h2").textContent = heading;
    const index = placeOf(
      day,
      days.map((other) => other.dataset.day),
    );
    this.timeline.insertBefore(section, days[index] ?? null);
    return section;
  }

  #elementOf(html) {
    return this.#fragmentOf(html).firstElementChild;
  }

  /** Parse the server's markup. On a text-only page, replace media before the browser can fetch it. */
  #fragmentOf(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const { isTextOnly: label } = this.root.dataset;
    if (label) removeMedia(template.content, label);
    return template.content;
  }

  #showPill() {
    const count = this.waiting.size;
    const { one, many } = this.pill.dataset;
    const text = count === 1 ? one : many.replace("{count}", count);
    this.pill.hidden = !count;
    this.pill.textContent = text;
    document.title = count ? `(${count}) ${this.title}` : this.title;
    if (count) this.#announce();
  }

  /** Announce only the count, at most every 30 seconds, so that screen readers are not interrupted too often. */
  #announce() {
    clearTimeout(this.announcing);
    const wait = Math.max(0, this.announcedAt + ANNOUNCE_EVERY - Date.now());
    this.announcing = setTimeout(() => {
      if (!this.waiting.size) return;
      this.announcedAt = Date.now();
      this.announcer.textContent = this.pill.textContent;
    }, wait);
  }
}

/** Replace pictures with their alternative text and external media with its link. */
function removeMedia(content, label) {
  for (const picture of content.querySelectorAll("picture")) {
    const words = document.createElement("p");
    words.className = "picture-alt";
    words.textContent = `${label} ${picture.querySelector("img").alt}`;
    (picture.closest(".cover") ?? picture).replaceWith(words);
  }
  for (const figure of content.querySelectorAll("figure.embed")) {
    for (const part of figure.querySelectorAll(".embed-ask, figcaption")) part.remove();
    figure.replaceWith(...figure.children);
  }
}
