// Keeping an open desk current: the readers' stream wakes it, the private poll brings what only editors see.

import { Busy, SignedOut, Unreachable, address, post } from "./send.js";

const EVERY = 4_000;
// Often enough that colleagues still see who has an update open.
const HIDDEN = 10_000;

export class Live {
  /** `show(state)` is given each answer of the poll. */
  constructor(desk, show) {
    this.desk = desk;
    this.root = desk.root;
    this.show = show;
    this.isLost = false;
    document.addEventListener("visibilitychange", () => this.#turn());
    addEventListener("online", () => this.refresh());
    addEventListener("pagehide", () => this.stream?.close());
    this.#turn();
  }

  /** A hidden desk holds no stream: over HTTP/1.1 a browser has six connections to a site for all its tabs. */
  #turn() {
    this.stream?.close();
    this.stream = null;
    if (document.hidden) return;
    this.#open();
    this.refresh();
  }

  /** Ask now; one question at a time, and once more if something happened meanwhile. */
  async refresh() {
    if (this.isAsking) return void (this.mustAskAgain = true);
    this.isAsking = true;
    clearTimeout(this.timer);
    do {
      this.mustAskAgain = false;
      await this.#ask();
    } while (this.mustAskAgain);
    this.isAsking = false;
    this.timer = setTimeout(() => this.refresh(), document.hidden ? HIDDEN : EVERY);
  }

  async #ask() {
    const { composer, timeline } = this.desk;
    const data = new FormData();
    data.set("after", this.root.dataset.number);
    data.set("queue", this.root.dataset.queue);
    data.set("pinned", timeline.pinned);
    data.set("token", composer?.token ?? this.desk.visit);
    data.set("update", composer?.update ?? "");
    data.set("is_writing", composer?.isWriting ? "yes" : "no");
    try {
      const { status, data: state } = await post(address("state/"), data);
      if (status !== 200) throw new Unreachable(`state ${status}`);
      this.#found();
      // Too far behind, or a log that was restored: what is typed is kept, the page comes anew.
      if (state.reload) return void location.reload();
      this.root.dataset.number = state.number;
      this.show(state);
    } catch (error) {
      if (!(error instanceof SignedOut || error instanceof Unreachable)) throw error;
      this.#lost(error);
    }
  }

  #open() {
    const { slug } = this.root.dataset;
    if (!slug) return;
    // `desk`: it is no reader, and is not counted as one.
    this.stream = new EventSource(`/live/${encodeURIComponent(slug)}/stream?after=${this.root.dataset.number}&desk`);
    for (const name of ["message", "reload", "gone"]) this.stream.addEventListener(name, () => this.refresh());
  }

  #lost(error) {
    if (this.isLost) return;
    this.isLost = true;
    this.root.classList.add("is-lost");
    this.desk.toasts.warn(error instanceof SignedOut
      ? gettext("You have been signed out. Sign in again in another tab; what you type is kept in this browser.")
      : error instanceof Busy
        ? gettext("The newsroom is busy. What you type is kept in this browser.")
        : gettext("The connection is lost. What you type is kept in this browser."));
  }

  #found() {
    if (!this.isLost) return;
    this.isLost = false;
    this.root.classList.remove("is-lost");
    this.desk.toasts.say(gettext("The connection is back."));
  }
}
