// What just happened, said in a corner; after publishing with ten seconds to take it back.

const SHOWN = 6_000;
const UNDO = 10_000;

export class Toasts {
  constructor(element) {
    this.element = element;
    // One that the server printed goes like the others.
    for (const toast of element.children) setTimeout(() => toast.remove(), UNDO);
  }

  say(text) {
    this.#show(text, "", SHOWN);
  }

  warn(text, ...actions) {
    this.#show(text, "is-error", SHOWN * 2, ...actions);
  }

  /** Say `text` until it is said otherwise; empty: no more. `name` tells one such state from another. */
  keep(name, text) {
    const shown = this.element.querySelector(`[data-state="${name}"]`);
    if (!text) return void shown?.remove();
    if (shown) return;
    const toast = this.#show(text, "is-error", null);
    toast.dataset.state = name;
  }

  offerUndo(text, undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.dataset.undo = "";
    button.textContent = gettext("Undo");
    const toast = this.#show(text, "toast-undo", UNDO, button);
    button.addEventListener("click", () => {
      toast.remove();
      undo();
    });
  }

  /** Press the undo that is on offer, if one is. */
  undo() {
    this.element.querySelector(".toast-undo .button")?.click();
  }

  #show(text, kind, milliseconds, ...actions) {
    const toast = document.createElement("div");
    toast.className = `toast ${kind}`;
    const words = document.createElement("span");
    words.textContent = text;
    toast.append(words, ...actions);
    this.element.append(toast);
    if (milliseconds !== null) setTimeout(() => toast.remove(), milliseconds);
    return toast;
  }
}
