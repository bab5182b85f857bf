// Keeps an open desk current: the readers' stream triggers the private poll, which brings what only editors see.

import { fullJitter } from "../lib/backoff.mjs";
import { released } from "./press.js";
import { address, Busy, post, SignedOut, Unreachable } from "./send.js";

const EVERY = 4_000;
// Frequent enough for colleagues to see who has an update open.
const HIDDEN = 10_000;
// A restart of the newsroom is shorter; show only longer outages.
const GRACE = 10_000;
// The server sends a heartbeat every 15 seconds.
const SILENT_AFTER = 28_000;
const RETRY_LEAST = 2_000;
const RETRY_MOST = 60_000;

export class Live {
  /** `show(state)` is called with each response of the poll. */
  constructor(desk, show) {
    this.desk = desk;
    this.root = desk.root;
    this.show = show;
    this.isLost = false;
    this.streamFailures = 0;
    document.addEventListener("visibilitychange", () => this.#turn());
    addEventListener("online", () => this.refresh());
    addEventListener("pagehide", () => this.#close());
    this.#turn();
  }

  /** Close the stream of a hidden desk: over HTTP/1.1 a browser opens six connections to a site for all its tabs. */
  #turn() {
    this.#close();
    if (document.hidden) return;
    this.#open();
    this.refresh();
  }

  /** Poll now. Never poll twice at a time; poll again afterwards if something happened in the meantime. */
  async refresh() {
    if (this.isAsking) {
      this.mustAskAgain = true;
      return;
    }
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
    const askedAt = Date.now();
    try {
      const { status, data: state } = await post(address("state/"), data);
      if (status !== 200) throw new Unreachable(`state ${status}`);
      this.#connected();
      // The desk is too far behind, or the database was restored. Reloading keeps the text in the composer.
      if (state.reload) return void location.reload();
      await released();
      this.root.dataset.number = state.number;
      this.show(state);
    } catch (error) {
      if (!(error instanceof SignedOut || error instanceof Unreachable)) throw error;
      this.failedAt ??= askedAt;
      if (mustTell(error, this.failedAt)) this.#lost(error);
    }
  }

  #open() {
    const { slug } = this.root.dataset;
    if (!slug) return;
    // `desk`: do not count this page as a reader.
    this.stream = new EventSource(`/live/${encodeURIComponent(slug)}/stream?after=${this.root.dataset.number}&desk`);
    for (const name of ["message", "reload", "gone"]) this.stream.addEventListener(name, () => this.refresh());
    for (const name of ["message", "heartbeat"]) this.stream.addEventListener(name, () => this.#heard());
    this.stream.addEventListener("error", () => this.#reopen());
    this.#watch();
  }

  #close() {
    clearTimeout(this.watchdog);
    clearTimeout(this.reopening);
    this.stream?.close();
    this.stream = null;
  }

  /** The stream ended, was refused or is half-open. Until it is back, the poll brings everything, a little later. */
  #reopen() {
    this.#close();
    this.reopening = setTimeout(() => this.#open(), fullJitter(this.streamFailures, RETRY_LEAST, RETRY_MOST));
    this.streamFailures += 1;
  }

  #heard() {
    this.streamFailures = 0;
    this.#watch();
  }

  #watch() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.#reopen(), SILENT_AFTER);
  }

  #lost(error) {
    if (this.isLost) return;
    this.isLost = true;
    this.root.classList.add("is-lost");
    this.desk.toasts.warn(
      error instanceof SignedOut
        ? gettext("You have been signed out. Sign in again in another tab; what you type is kept in this browser.")
        : error instanceof Busy
          ? gettext("The newsroom is busy. What you type is kept in this browser.")
          : gettext("The connection is lost. What you type is kept in this browser."),
    );
  }

  #connected() {
    this.failedAt = null;
    if (!this.isLost) return;
    this.isLost = false;
    this.root.classList.remove("is-lost");
    this.desk.toasts.say(gettext("The connection is back."));
  }
}

/** Return whether to show a failure now. `since` is when the first of the failed polls was sent. */
function mustTell(error, since) {
  const saysItself = error instanceof SignedOut || error instanceof Busy;
  return saysItself || !navigator.onLine || Date.now() - since >= GRACE;
}
