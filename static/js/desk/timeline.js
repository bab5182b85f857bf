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
    // It does not bubble.
    this.list.addEventListener("toggle", () => this.#release(), { capture: true });
  }

  get pinned() {
    return this.list.querySelector(".row:has(.mark-pinned)")?.dataset.id ?? "";
  }

  /** The row that has the focus, or that something in it has. */
  get current() {
    return document.activeElement?.closest?.(".row") ?? null;
  }

  apply({ rows = [], gone = [] }) {
    const { current } = this;
    const top = current?.getBoundingClientRect().top;
    for (const id of gone) {
      this.list.querySelector(`#row-${id}`)?.remove();
      this.held.delete(id);
    }
    for (const row of rows) this.#put(row);
    this.empty.hidden = Boolean(this.list.children.length);
    // Where somebody works stays where it is, whatever came above it.
    if (current?.isConnected) scrollBy({ top: current.getBoundingClientRect().top - top, behavior: "instant" });
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
    this.held.delete(row.id);
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
    if ((index === 0 && isOlder !== undefined) || (index === orders.length && orders.length && hasOlder !== undefined))
      return;
    if (!shown) fresh.classList.add("is-new");
    this.list.insertBefore(fresh, this.list.children[index] ?? null);
  }

  #release() {
    for (const [id, row] of this.held) {
      const shown = this.list.querySelector(`#row-${id}`);
      if (!shown || !isBeingUsed(shown)) this.#put(row);
    }
  }
}

/** Its withdrawal is open, and somebody is in it or has begun to say why. */
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
