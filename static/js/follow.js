// Following the log: by stream, else by polling, and saying so when neither works.

import { learnTime, now } from "./clock.js";
import { waitFor } from "./lib/timeline.mjs";

const POLL = 5_000;
const SLOW_POLL = 60_000;
const ANSWERED_WITHIN = 10_000;
const STREAM_AGAIN = 30_000;
// Hong Kong keeps UTC+8 all year. A formatter with a time zone would block a slow phone for a moment at each load.
const HONG_KONG = 8 * 3_600_000;
const PAUSED = "newsroom-paused";

export class Following {
  /** `path`: the live blog's own. */
  constructor(page, path) {
    this.page = page;
    this.path = path;
    this.root = page.root;
    this.state = this.root.querySelector("[data-live-state]");
    this.button = this.root.querySelector("[data-pause]");
    this.failures = 0;
    this.okAt = now();
    this.isPaused = remembered();
    this.button.addEventListener("click", () => this.pause(!this.isPaused));
    document.addEventListener("visibilitychange", () => this.start());
    addEventListener("online", () => this.start());
    addEventListener("offline", () => this.#lost());
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => event.persisted && this.start());
    this.#say();
    this.start();
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    remember(isPaused);
    this.#say();
    this.start();
  }

  stop() {
    clearTimeout(this.timer);
    this.stream?.close();
    this.stream = null;
  }

  /** Catch up at once, then follow in the way that the page's state asks for. */
  async start() {
    this.stop();
    if (this.isPaused) return;
    // Whoever starts last goes on; an earlier one that still waits for its poll stops there.
    const turn = (this.turn = {});
    const isCaughtUp = await this.#poll();
    if (this.turn !== turn || this.isPaused) return;
    const isIdle = document.hidden || !this.page.isLive;
    if (isCaughtUp && !isIdle && Date.now() >= (this.streamAfter ?? 0)) this.#openStream();
    else this.#pollLater(isIdle ? SLOW_POLL : POLL);
  }

  #pollLater(least) {
    this.timer = setTimeout(() => this.start(), waitFor(this.failures, least, SLOW_POLL));
  }

  async #poll() {
    try {
      let hasMore = true;
      while (hasMore) {
        const response = await fetch(`${this.path}changes.json?after=${this.page.number}`, { credentials: "omit", signal: AbortSignal.timeout(ANSWERED_WITHIN) });
        learnTime(response);
        // Withdrawn, no longer public, too far behind, or ahead of a log that was restored: the page itself knows.
        if ([404, 409, 410].includes(response.status)) return void location.reload();
        if (!response.ok) throw new Error(`changes: ${response.status}`);
        const delta = await response.json();
        if (delta.updates) this.page.apply(delta);
        hasMore = delta.has_more;
      }
      this.#found();
      return true;
    } catch {
      this.failures += 1;
      this.#lost();
      return false;
    }
  }

  #openStream() {
    const stream = new EventSource(`${this.path}stream?after=${this.page.number}`);
    this.stream = stream;
    stream.addEventListener("message", (event) => {
      this.page.apply(JSON.parse(event.data));
      this.#found();
      if (!this.page.isLive) this.start();
    });
    for (const name of ["reload", "gone"]) stream.addEventListener(name, () => location.reload());
    stream.addEventListener("error", () => {
      // Polling takes over, and the stream is tried again later.
      this.streamAfter = Date.now() + waitFor(0, STREAM_AGAIN, STREAM_AGAIN);
      this.start();
    });
  }

  #found() {
    this.failures = 0;
    this.okAt = now();
    this.isLost = false;
    this.#say();
  }

  #lost() {
    this.isLost = true;
    this.#say();
  }

  #say() {
    const { following, ended, paused, lost } = this.state.dataset;
    const { on, off } = this.button.dataset;
    const time = new Date(this.okAt + HONG_KONG).toISOString().slice(11, 16);
    const found = this.page.isLive ? following : ended;
    put(this.state, this.isPaused ? paused : this.isLost ? lost.replace("{time}", time) : found);
    put(this.button, this.isPaused ? off : on);
    this.root.classList.toggle("is-lost", Boolean(this.isLost) && !this.isPaused);
  }
}

// What says the same already is left alone: a reader may have selected it.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A browser that keeps nothing must not keep the page from following.
function remembered() {
  try { return localStorage.getItem(PAUSED) === "yes"; } catch { return false; }
}

function remember(isPaused) {
  try { localStorage.setItem(PAUSED, isPaused ? "yes" : "no"); } catch { /* storage is switched off */ }
}
