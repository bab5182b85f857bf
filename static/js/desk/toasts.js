// Toast messages; after publishing, with an undo button that counts down ten seconds.

const SHOWN = 6_000;
const UNDO = 10_000;

export class Toasts {
  constructor(element) {
    this.element = element;
    // Remove a toast that the server rendered like all others.
    for (const toast of element.children) {
      countDown(toast.querySelector(".button"));
      setTimeout(() => toast.remove(), UNDO);
    }
  }

  say(text) {
    this.#show(text, "", SHOWN);
  }

  warn(text, ...actions) {
    this.#show(text, "is-error", SHOWN * 2, ...actions);
  }

  /** Show `text` for the state `name` until it changes; remove it if `text` is empty. */
  keep(name, text) {
    const existing = this.element.querySelector(`[data-state="${name}"]`);
    if (!text) return void existing?.remove();
    if (existing) return;
    const toast = this.#show(text, "is-error", null);
    toast.dataset.state = name;
  }

  offerUndo(text, undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.dataset.undo = "";
    button.textContent = gettext("Undo");
    countDown(button);
    const toast = this.#show(text, "toast-undo", UNDO, button);
    button.addEventListener("click", () => {
      toast.remove();
      undo();
    });
  }

  /** Press the undo button, if there is one. */
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

/** Show the seconds that are left on a button. Screen readers skip them, or they would hear each one. */
function countDown(button) {
  const seconds = document.createElement("span");
  seconds.className = "countdown";
  seconds.setAttribute("aria-hidden", "true");
  button.append(seconds);
  const end = Date.now() + UNDO;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1_000);
    seconds.textContent = left;
    if (left > 0) setTimeout(tick, 1_000);
  };
  tick();
}
