// The desk's timeline: inserts and updates rows without taking the focus or moving the page.

import { placeOf } from "../lib/timeline.mjs";

export class Timeline {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-rows]");
    this.empty = root.querySelector("[data-rows-empty]");
    // New versions of rows that are in use, by id.
    this.waiting = new Map();
    this.list.addEventListener("focusout", () => setTimeout(() => this.#release()));
    // The toggle event does not bubble.
    this.list.addEventListener("toggle", () => this.#release(), { capture: true });
  }

  get pinned() {
    return this.list.querySelector(".row:has(.mark-pinned)")?.dataset.id ?? "";
  }

  /** The row that contains the focus. */
  get current() {
    return document.activeElement?.closest?.(".row") ?? null;
  }

  apply({ rows = [], gone = [] }) {
    const { current } = this;
    const top = current?.getBoundingClientRect().top;
    for (const id of gone) {
      this.list.querySelector(`#row-${id}`)?.remove();
      this.waiting.delete(id);
    }
    for (const row of rows) this.#put(row);
    this.empty.hidden = Boolean(this.list.children.length);
    // Keep the focused row in place when rows above it change.
    for (const scroller of [this.list.closest("[data-side]"), window]) {
      if (current?.isConnected)
        scroller.scrollBy({ top: current.getBoundingClientRect().top - top, behavior: "instant" });
    }
  }

  /** Show at each row who else has it open. `editors` maps update ids to names. */
  showEditors(editors) {
    for (const mark of this.root.querySelectorAll("[data-editing], [data-editing-of]")) {
      const id = mark.dataset.editingOf ?? mark.closest(".row").dataset.id;
      const who = editors.get(Number(id));
      mark.hidden = !who;
      mark.textContent = who ? interpolate(gettext("%s is editing"), [who.join(gettext(", "))]) : "";
    }
  }

  get isHidden() {
    return !this.list.checkVisibility();
  }

  step(by) {
    const rows = [...this.list.querySelectorAll(".row")];
    const index = rows.indexOf(this.current);
    const next = rows[Math.min(rows.length - 1, Math.max(0, index + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  #put(row) {
    const existing = this.list.querySelector(`#row-${row.id}`);
    if (existing && isBeingUsed(existing)) return void this.waiting.set(row.id, row);
    this.waiting.delete(row.id);
    const fresh = elementOf(row.html);
    if (existing && existing.dataset.order === row.order) {
      const hadFocus = existing.contains(document.activeElement);
      existing.replaceWith(fresh);
      if (hadFocus) fresh.focus({ preventScroll: true });
      return;
    }
    existing?.remove();
    const orders = [...this.list.children].map((item) => item.dataset.order);
    const { isOlder, hasOlder } = this.root.dataset;
    const index = placeOf(row.order, orders);
    // The row belongs to another page of the timeline.
    if ((index === 0 && isOlder !== undefined) || (index === orders.length && orders.length && hasOlder !== undefined))
      return;
    if (!existing) fresh.classList.add("is-new");
    this.list.insertBefore(fresh, this.list.children[index] ?? null);
  }

  #release() {
    for (const [id, row] of this.waiting) {
      const existing = this.list.querySelector(`#row-${id}`);
      if (!existing || !isBeingUsed(existing)) this.#put(row);
    }
  }
}

/** Return whether the row's withdrawal form is open and focused or filled in. */
function isBeingUsed(row) {
  const withdrawal = row.querySelector("details[open]");
  return (
    Boolean(withdrawal) &&
    (row.contains(document.activeElement) || Boolean(withdrawal.querySelector("[name=reason]").value))
  );
}

function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}
