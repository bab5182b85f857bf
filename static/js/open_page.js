// An open page's updates: applying what changed without moving what the reader reads.

import { decide, placeOf } from "./lib/timeline.mjs";

const TOP = 8;
const ANNOUNCE_EVERY = 30_000;

export class OpenPage {
  constructor(root) {
    this.root = root;
    this.timeline = root.querySelector("#updates");
    this.bar = root.querySelector("[data-live-bar]");
    this.pill = root.querySelector("[data-pill]");
    this.announcer = root.querySelector("[data-announce]");
    this.title = document.title;
    // New updates that wait under the pill, by id.
    this.waiting = new Map();
    this.announcedAt = 0;
    this.pill.addEventListener("click", () => this.showWaiting(true));
    addEventListener("scroll", () => this.isAtTop && this.showWaiting(false), { passive: true });
  }

  get number() { return Number(this.root.dataset.number); }
  get isLive() { return this.root.dataset.status === "live"; }
  get isAtTop() { return scrollY <= TOP; }

  apply(delta) {
    if (delta.number <= this.number) return;
    this.keepingPlace(() => {
      this.#repaintRegions(delta.regions);
      for (const update of delta.updates) this.#applyUpdate(update);
    });
    // The linked data told of the page as it was loaded; what was withdrawn must not live on in it.
    document.querySelector('script[type="application/ld+json"]')?.remove();
    this.root.dataset.number = delta.number;
    this.root.dataset.status = delta.blog.status;
    const { kicker, headline } = delta.blog;
    const full = kicker ? `${kicker}︱${headline}` : headline;
    this.title = this.title.replace(this.root.dataset.headline, full);
    this.root.dataset.headline = full;
    if (this.isAtTop) this.showWaiting(false);
    this.#showPill();
  }

  showWaiting(isAsked) {
    if (!this.waiting.size) return;
    const updates = [...this.waiting.values()].sort((a, b) => (a.order < b.order ? 1 : -1));
    this.waiting.clear();
    for (const update of updates) this.#insert(update);
    this.#showPill();
    if (!isAsked) return;
    const first = document.getElementById(`update-${updates[0].id}`);
    const heading = first.querySelector("h3") ?? first;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    first.scrollIntoView({ block: "start", behavior: "instant" });
  }

  /** Whatever `change` does to the page, what the reader looks at stays where it is, and so does the focus. */
  keepingPlace(change) {
    const edge = this.bar.getBoundingClientRect().bottom;
    const seen = this.isAtTop ? null : [...this.timeline.querySelectorAll("li.update")]
      .find((item) => item.getBoundingClientRect().bottom > Math.max(edge, 0));
    const before = seen?.getBoundingClientRect().top;
    change();
    const after = seen && document.getElementById(seen.id)?.getBoundingClientRect().top;
    if (after !== undefined && Math.abs(after - before) >= 0.5) {
      scrollBy({ top: after - before, behavior: "instant" });
    }
  }

  #repaintRegions(regions) {
    for (const [name, html] of Object.entries(regions)) {
      const region = this.root.querySelector(`[data-region="${name}"]`);
      if (region) swap(region, () => { region.replaceChildren(this.#fragmentOf(html)); return region; });
    }
  }

  #applyUpdate(update) {
    if (this.waiting.has(update.id)) {
      this.waiting.delete(update.id);
      if (update.status === "published") return void this.waiting.set(update.id, update);
    }
    const item = document.getElementById(`update-${update.id}`);
    // Publishing it was undone: it leaves nothing behind.
    if (update.status === "unpublished") return void (item && this.#remove(item));
    switch (decide(update, item?.dataset.order ?? null, this.#page())) {
      case "replace":
        swap(item, () => { const fresh = this.#elementOf(update.html); item.replaceWith(fresh); return fresh; });
        break;
      case "move":
        this.#remove(item);
        this.#insert(update);
        break;
      case "remove":
        this.#remove(item);
        break;
      case "insert":
        this.#insert(update);
        break;
      case "announce":
        this.waiting.set(update.id, update);
        break;
    }
  }

  #page() {
    const { isOlder, hasOlder } = this.root.dataset;
    const orders = [...this.timeline.querySelectorAll("li.update")].map((item) => item.dataset.order);
    return { orders, isOlder: isOlder !== undefined, hasOlder: hasOlder !== undefined };
  }

  #insert(update) {
    this.timeline.querySelector(".empty")?.remove();
    const list = this.#day(update).querySelector("ol");
    const items = [...list.children];
    const index = placeOf(update.order, items.map((item) => item.dataset.order));
    list.insertBefore(this.#elementOf(update.html), items[index] ?? null);
  }

  #remove(item) {
    const day = item.closest(".day");
    item.remove();
    if (!day.querySelector("li.update")) day.remove();
  }

  /** The section of the update's Hong Kong day, made where it is missing. */
  #day({ happened_on: day, day_heading: heading }) {
    const days = [...this.timeline.querySelectorAll(".day")];
    const found = days.find((section) => section.dataset.day === day);
    if (found) return found;
    const section = this.#elementOf(
      `<section class="day" aria-labelledby="day-${day}"><h2 id="day-${day}"></h2><ol role="list" class="updates"></ol></section>`,
    );
    section.dataset.day = day;
    section.querySelector("h2").textContent = heading;
    const index = placeOf(day, days.map((other) => other.dataset.day));
    this.timeline.insertBefore(section, days[index] ?? null);
    return section;
  }

  #elementOf(html) { return this.#fragmentOf(html).firstElementChild; }

  /** The server's markup; on a text-only page with words in place of pictures, before any of them is fetched. */
  #fragmentOf(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const { isTextOnly: label } = this.root.dataset;
    for (const picture of label ? template.content.querySelectorAll("picture") : []) {
      const words = document.createElement("p");
      words.className = "picture-alt";
      words.textContent = `${label} ${picture.querySelector("img").alt}`;
      (picture.closest(".cover") ?? picture).replaceWith(words);
    }
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

  /** Counts only, and at most once in half a minute: an update must not interrupt who listens to the page. */
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

/** Replace markup and leave open what was open in it, and focused what was focused. */
function swap(old, replace) {
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const same = focused && `${focused.localName}${focused.className && `.${focused.className.split(" ").join(".")}`}`;
  const index = focused && [...old.querySelectorAll(same)].indexOf(focused);
  const fresh = replace();
  fresh.querySelectorAll("details").forEach((details, i) => { details.open = open[i] ?? false; });
  if (!focused) return;
  const next = fresh.querySelectorAll(same)[index] ?? fresh;
  if (next === fresh) fresh.tabIndex = -1;
  next.focus({ preventScroll: true });
}
