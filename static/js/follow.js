// The live bar: the state of the connection, and the reader's pause button.

import { learnTime, now } from "./clock.js";
import { ask, Connection } from "./lib/connection.mjs";
import { SharedConnection } from "./shared_connection.js";

// Hong Kong keeps UTC+8 all year. A formatter with a time zone would block a slow phone for a moment at each load.
const HONG_KONG = 8 * 3_600_000;
const PAUSED = "newsroom-paused";

export class Following {
  /** `path`: the live blog's own. An embed shares its connection with the other embeds of the same page. */
  constructor(page, path, { isEmbed = false } = {}) {
    this.page = page;
    this.root = page.root;
    this.state = this.root.querySelector("[data-live-state]");
    this.button = this.root.querySelector("[data-pause]");
    this.okAt = now();
    this.isLost = false;
    this.isPaused = remembered();
    this.connection = isEmbed
      ? new SharedConnection(path, this)
      : new Connection(path, this, (url) => ask(url, learnTime));
    this.button.addEventListener("click", () => this.pause(!this.isPaused));
    this.#say();
    if (!this.isPaused) this.connection.open();
  }

  get number() {
    return this.page.number;
  }
  get isLive() {
    return this.page.isLive;
  }

  apply(delta) {
    this.page.apply(delta);
  }

  reload() {
    location.reload();
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    this.isLost = false;
    remember(isPaused);
    this.#say();
    if (isPaused) this.connection.close();
    else this.connection.open();
  }

  connected() {
    this.okAt = now();
    this.isLost = false;
    this.#say();
  }

  lost() {
    this.isLost = true;
    this.#say();
  }

  #say() {
    const { following, ended, paused, lost } = this.state.dataset;
    const { on, off } = this.button.dataset;
    const time = new Date(this.okAt + HONG_KONG).toISOString().slice(11, 16);
    const status = this.page.isLive ? following : ended;
    put(this.state, this.isPaused ? paused : this.isLost ? lost.replace("{time}", time) : status);
    put(this.button, this.isPaused ? off : on);
    this.root.classList.toggle("is-lost", this.isLost && !this.isPaused);
  }
}

// Leave unchanged text alone, because the reader may have selected it.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The page follows its live blog even where storage is disabled.
function remembered() {
  try {
    return localStorage.getItem(PAUSED) === "yes";
  } catch {
    return false;
  }
}

function remember(isPaused) {
  try {
    localStorage.setItem(PAUSED, isPaused ? "yes" : "no");
  } catch {
    /* storage is switched off */
  }
}
