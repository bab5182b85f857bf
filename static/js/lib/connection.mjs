// Follows a live blog's log by server-sent events, or by polling; independent of how a page displays it.

import { fullJitter, spread } from "./backoff.mjs";

const POLL = 5_000;
const SLOW_POLL = 60_000;
const ANSWERED_WITHIN = 10_000;
// The server sends a heartbeat every 15 seconds (liveblog/streams/hub.py). Including a poll that times out, a
// half-open connection is detected within 45 seconds.
const SILENT_AFTER = 25_000;
const SILENT_SPREAD = 3_000;
// A restart of the server is shorter; show readers only longer outages.
const GRACE = 10_000;
const RETRY_LEAST = 1_000;
const RETRY_MOST = 2_000;
const REFUSED_MOST = 120_000;
// Spread reloads, so that pages do not all request at once.
const RELOAD_SPREAD = 1_000;

/**
 * `reader` has `number`, the last change that it has, and `isLive`. The connection calls its `apply(delta)` with the
 * changes after the number, `connected()` after each response, `lost()` if there was none for too long, and
 * `reload()` when the page has to be loaded again.
 */
export class Connection {
  /** `path` is that of the live blog. `askOnce` is `ask` or a function that queues polls. */
  constructor(path, reader, askOnce = ask) {
    this.path = path;
    this.reader = reader;
    this.askOnce = askOnce;
    // Consecutive failures to reach the newsroom, and streams refused while polls succeeded.
    this.failures = 0;
    this.refusals = 0;
    this.streamAfter = 0;
    // False while only polls are allowed, because frames of one page share few connections.
    this.mayStream = true;
    // A stream fell silent: keep polling until the next stream delivers something.
    this.isDoubtful = false;
  }

  /** Follow the log until `close`. */
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

  /** Catch up with a poll at once, then follow. */
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

  /** Stop everything in progress and return the token of a new turn; earlier turns are void. */
  #stop() {
    clearTimeout(this.timer);
    this.#closeStream();
    this.turn = {};
    return this.turn;
  }

  /** Close the stream and poll occasionally. */
  #rest() {
    this.#stop();
    this.#wait(true);
  }

  #wait(isCaughtUp) {
    const wait = isCaughtUp
      ? spread(this.#isIdle ? SLOW_POLL : POLL)
      : fullJitter(this.failures, RETRY_LEAST, this.#isIdle && this.isLost ? SLOW_POLL : RETRY_MOST);
    // The poll may have taken longer than the delay of the stream, which is then due.
    const streamIn = Math.max(this.streamAfter - Date.now(), Math.random() * RETRY_LEAST);
    this.#schedule(isCaughtUp && this.#canStream ? Math.min(wait, streamIn) : wait);
  }

  #schedule(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#resume(), wait);
  }

  /** Try the stream first, which replays missed changes. Poll only if it fails or may be silent. */
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
      // While the newsroom is down, streams fail as well, so do not delay the next one.
      this.refusals = this.streamAfter = 0;
      this.#failed(askedAt);
      return false;
    }
  }

  get #canStream() {
    return this.mayStream && !this.#isIdle;
  }

  /** Open a stream and return whether that succeeded. */
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
      // Ended coverage has no stream; slow polls notice if it is resumed.
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

  /** The connection is half-open; poll instead. */
  #silent() {
    this.#closeStream();
    this.isDoubtful = true;
    this.failedAt ??= this.heardAt;
    this.#refused();
    this.start();
  }

  /** An open stream ended, most likely because the server restarts. */
  #dropped() {
    this.#closeStream();
    this.#failed(Date.now());
    // A proxy closes idle streams, or all of them: reconnect less often.
    if (!this.hasSpoken) this.#refused();
    this.#wait(false);
  }

  /** Delay the next stream, briefly at first, because proxies refuse streams while the server restarts. */
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

  /** There was no response since `since` (milliseconds). Tell readers after the grace period, or at once if offline. */
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

/** Return a poll's delta, or null if the page has to be loaded again. Throw on errors and timeouts. */
export async function ask(url, onResponse = () => {}) {
  const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(ANSWERED_WITHIN) });
  onResponse(response);
  // Withdrawn, no longer public, too far behind, or ahead of a restored log: a reload shows the right page.
  if ([404, 409, 410].includes(response.status)) return null;
  if (!response.ok) throw new Error(`changes: ${response.status}`);
  return response.json();
}

/** Wait until the server opens the stream; return false if it refuses or does not respond in time. */
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
