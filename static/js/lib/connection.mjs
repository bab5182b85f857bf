// A live blog's log as it grows: by stream, or by polls where there is none. It knows nothing of how a page shows it.

import { fullJitter, spread } from "./backoff.mjs";

const POLL = 5_000;
const SLOW_POLL = 60_000;
const ANSWERED_WITHIN = 10_000;
// The server sends a heartbeat every 15 seconds (liveblog/streams/hub.py). Together with a poll that nobody answers,
// a half-open connection is noticed within 45 seconds.
const SILENT_AFTER = 25_000;
const SILENT_SPREAD = 3_000;
// A restart of the server takes less: readers are told of longer outages only.
const GRACE = 10_000;
const RETRY_LEAST = 1_000;
const RETRY_MOST = 2_000;
const REFUSED_MOST = 120_000;
// Pages that are told to load again do not all ask at once.
const RELOAD_SPREAD = 1_000;

/**
 * `reader` has the `number` that it knows and whether the blog `isLive`. It is called: `apply(delta)` with what follows
 * the number, `connected()` when the newsroom answers, `lost()` when it has not done so for too long, and `reload()`
 * when the page has to be loaded again.
 */
export class Connection {
  /** `path`: the live blog's own. `askOnce` is `ask`, or puts polls in a queue. */
  constructor(path, reader, askOnce = ask) {
    this.path = path;
    this.reader = reader;
    this.askOnce = askOnce;
    // Consecutive failures to reach the newsroom at all, and streams that failed while polls were answered.
    this.failures = 0;
    this.refusals = 0;
    this.streamAfter = 0;
    // False while there must be no stream: frames of one page share few connections.
    this.mayStream = true;
    // A stream fell silent: poll until the next one has said something.
    this.isDoubtful = false;
  }

  /** Follow until `close`. */
  open() {
    if (this.listening) return;
    this.listening = new AbortController();
    const { signal } = this.listening;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.start()), { signal });
    addEventListener("online", () => this.start(), { signal });
    addEventListener("offline", () => this.#lose(), { signal });
    addEventListener("pagehide", () => this.#stop(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.start(), { signal });
    this.start();
  }

  close() {
    this.listening?.abort();
    this.listening = null;
    this.#stop();
    this.#reset();
  }

  /** Catch up by a poll at once, then follow. */
  async start() {
    if (!this.listening) return;
    const turn = this.#stop();
    const isCaughtUp = await this.#poll(turn);
    if (this.turn === turn && isCaughtUp && (await this.#stream(turn))) return;
    if (this.turn === turn) this.#wait(isCaughtUp);
  }

  get #isIdle() {
    return document.hidden || !this.reader.isLive;
  }

  /** End whatever is under way; returns the token of the next turn, which holds until something else begins. */
  #stop() {
    clearTimeout(this.timer);
    this.#closeStream();
    this.turn = {};
    return this.turn;
  }

  /** Hold no stream, and ask now and then. */
  #rest() {
    this.#stop();
    this.#wait(true);
  }

  #wait(isCaughtUp) {
    const wait = isCaughtUp
      ? spread(this.#isIdle ? SLOW_POLL : POLL)
      : fullJitter(this.failures, RETRY_LEAST, this.#isIdle && this.isLost ? SLOW_POLL : RETRY_MOST);
    // The poll may have taken longer than the stream had to wait: then it is due.
    const streamIn = Math.max(this.streamAfter - Date.now(), Math.random() * RETRY_LEAST);
    this.#schedule(isCaughtUp && this.#canStream ? Math.min(wait, streamIn) : wait);
  }

  #schedule(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#resume(), wait);
  }

  /** The stream first: it replays what was missed. Poll only if there is none, or if it may be silent. */
  async #resume() {
    if (this.isDoubtful) return this.start();
    const turn = this.#stop();
    if (await this.#stream(turn)) return;
    if (this.turn !== turn) return;
    const isCaughtUp = await this.#poll(turn);
    if (this.turn === turn) this.#wait(isCaughtUp);
  }

  async #poll(turn) {
    const askedAt = Date.now();
    try {
      let hasMore = true;
      while (hasMore) {
        const delta = await this.askOnce(`${this.path}changes.json?after=${this.reader.number}`);
        if (this.turn !== turn) return false;
        if (!delta) return void this.#reload(0);
        if (delta.updates) this.reader.apply(delta);
        hasMore = delta.has_more;
      }
      this.#connected();
      return true;
    } catch {
      if (this.turn !== turn) return false;
      // Streams are refused, too, while the newsroom is away: that says nothing against the next one.
      this.refusals = this.streamAfter = 0;
      this.#failed(askedAt);
      return false;
    }
  }

  get #canStream() {
    return this.mayStream && !this.#isIdle;
  }

  /** Whether a stream was opened. */
  async #stream(turn) {
    if (!this.#canStream || Date.now() < this.streamAfter) return false;
    const stream = new EventSource(`${this.path}stream?after=${this.reader.number}`);
    this.stream = stream;
    this.#take(stream, "message", (event) => this.reader.apply(JSON.parse(event.data)));
    this.#take(stream, "heartbeat", () => {});
    for (const name of ["reload", "gone"]) this.#take(stream, name, () => this.#reload(RELOAD_SPREAD));
    if (this.isDoubtful) this.#pollBeside(turn);
    const isOpen = await opened(stream);
    if (this.turn !== turn) return false;
    if (!isOpen) {
      this.#closeStream();
      this.#refused();
      return false;
    }
    stream.addEventListener("error", () => this.#dropped());
    this.hasSpoken = false;
    this.#watch();
    if (!this.isDoubtful) this.#connected();
    return true;
  }

  #take(stream, name, handle) {
    stream.addEventListener(name, (event) => {
      if (this.stream !== stream) return;
      this.hasSpoken = true;
      this.refusals = 0;
      if (this.isDoubtful) clearTimeout(this.timer);
      this.isDoubtful = false;
      this.#watch();
      handle(event);
      this.#connected();
      // Ended coverage has no stream; slow polls tell if it goes on after all.
      if (this.stream === stream && !this.#canStream) this.#rest();
    });
  }

  #closeStream() {
    clearTimeout(this.watchdog);
    this.stream?.close();
    this.stream = null;
  }

  #watch() {
    clearTimeout(this.watchdog);
    this.heardAt = Date.now();
    this.watchdog = setTimeout(() => this.#silent(), SILENT_AFTER + Math.random() * SILENT_SPREAD);
  }

  /** The connection is half open: what it does not bring must come by polls. */
  #silent() {
    this.#closeStream();
    this.isDoubtful = true;
    this.failedAt ??= this.heardAt;
    this.#refused();
    this.start();
  }

  /** An open stream has ended, most likely because the server restarts. */
  #dropped() {
    this.#closeStream();
    this.#failed(Date.now());
    // Something between closes streams that say nothing for a while, or all of them: come back less often.
    if (!this.hasSpoken) this.#refused();
    this.#wait(false);
  }

  /** The next stream has to wait: shortly at first, as a proxy refuses streams while the server restarts. */
  #refused() {
    this.streamAfter = Date.now() + fullJitter(this.refusals, RETRY_LEAST, REFUSED_MOST);
    this.refusals += 1;
  }

  #pollBeside(turn) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      await this.#poll(turn);
      if (this.turn === turn && this.stream && this.isDoubtful) this.#pollBeside(turn);
    }, spread(POLL));
  }

  #reload(within) {
    this.#stop();
    this.timer = setTimeout(() => this.reader.reload(), Math.random() * within);
  }

  #reset() {
    clearTimeout(this.grace);
    this.failures = 0;
    this.failedAt = null;
    this.isLost = false;
  }

  #connected() {
    this.#reset();
    this.reader.connected();
  }

  /** Nothing has come since `since`, in milliseconds. Readers are told of it after the grace, or at once if offline. */
  #failed(since) {
    this.failures += 1;
    this.failedAt ??= since;
    clearTimeout(this.grace);
    if (!navigator.onLine) return this.#lose();
    this.grace = setTimeout(() => this.#lose(), Math.max(0, this.failedAt + GRACE - Date.now()));
  }

  #lose() {
    this.isLost = true;
    this.reader.lost();
  }
}

/** A poll's answer, or null if the page has to be loaded again. Throws if there is none within the time limit. */
export async function ask(url, onResponse = () => {}) {
  const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(ANSWERED_WITHIN) });
  onResponse(response);
  // Withdrawn, no longer public, too far behind, or ahead of a log that was restored: the page itself knows.
  if ([404, 409, 410].includes(response.status)) return null;
  if (!response.ok) throw new Error(`changes: ${response.status}`);
  return response.json();
}

/** Whether the server opens the stream: not if it refuses, or does not answer in time. */
function opened(stream) {
  return new Promise((resolve) => {
    const settle = (isOpen) => {
      clearTimeout(limit);
      resolve(isOpen);
    };
    const limit = setTimeout(() => settle(false), ANSWERED_WITHIN);
    stream.addEventListener("open", () => settle(true), { once: true });
    stream.addEventListener("error", () => settle(false), { once: true });
  });
}
