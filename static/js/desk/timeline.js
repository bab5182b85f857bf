// The desk's timeline: rows that come and change by themselves, without taking the focus or moving the composer.

import { placeOf } from "../lib/timeline.mjs";

export class Timeline {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-rows]");
    this.empty = root.querySelector("[data-rows-empty]");
    // Rows that changed while somebody worked in them, by id.
    this.held = new Map();
    this.list.addEventListener("focusout", () => setTimeout(() => this.#release()));
  }

  get pinned() { return this.list.querySelector(".row:has(.mark-pinned)")?.dataset.id ?? ""; }

  /** The row that has the focus, or that something in it has. */
  get current() { return document.activeElement?.closest?.(".row") ?? null; }

  apply({ rows = [], gone = [] }) {
    for (const id of gone) this.list.querySelector(`#row-${id}`)?.remove();
    for (const row of rows) this.#put(row);
    this.empty.hidden = Boolean(this.list.children.length);
  }

  /** Say at each row who else has it open; `editors`: names by update id. */
  showEditors(editors) {
    for (const mark of this.root.querySelectorAll("[data-editing], [data-editing-of]")) {
      const id = mark.dataset.editingOf ?? mark.closest(".row").dataset.id;
      const who = editors.get(Number(id));
      mark.hidden = !who;
      mark.textContent = who ? interpolate(gettext("%s is editing"), [who.join(gettext(", "))]) : "";
    }
  }

  step(by) {
    const rows = [...this.list.querySelectorAll(".row")];
    const index = rows.indexOf(this.current);
    const next = rows[Math.min(rows.length - 1, Math.max(0, index + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  #put(row) {
    const shown = this.list.querySelector(`#row-${row.id}`);
    if (shown && isBeingUsed(shown)) return void this.held.set(row.id, row);
    const fresh = elementOf(row.html);
    if (shown && shown.dataset.order === row.order) {
      const hadFocus = shown.contains(document.activeElement);
      shown.replaceWith(fresh);
      if (hadFocus) fresh.focus({ preventScroll: true });
      return;
    }
    shown?.remove();
    const orders = [...this.list.children].map((item) => item.dataset.order);
    const { isOlder, hasOlder } = this.root.dataset;
    const index = placeOf(row.order, orders);
    // What lies beyond this page of the timeline is on another.
    if ((index === 0 && isOlder !== undefined) || (index === orders.length && orders.length && hasOlder !== undefined)) return;
    if (!shown) fresh.classList.add("is-new");
    this.list.insertBefore(fresh, this.list.children[index] ?? null);
  }

  #release() {
    for (const [id, row] of this.held) {
      const shown = this.list.querySelector(`#row-${id}`);
      if (shown && isBeingUsed(shown)) continue;
      this.held.delete(id);
      this.#put(row);
    }
  }
}

/** A reason is being typed in it, or its withdrawal is open. */
function isBeingUsed(row) { return Boolean(row.querySelector("details[open]")) && row.contains(document.activeElement); }

function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}
