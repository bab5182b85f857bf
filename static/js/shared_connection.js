// Embeds on one page share their connection to the newsroom, because over HTTP/1.1 a browser opens only six
// connections to a site for all frames of a page, and pictures need some of them.
//
// Frames of the same origin find each other through the frame tree. Unlike storage, which browsers partition or deny to
// third-party frames, that works on every site and is limited to one page, whose frames are visible or hidden together.
// A frame in a sandbox without `allow-same-origin` uses a connection of its own.

import { learnTime } from "./clock.js";
import { ask, Connection } from "./lib/connection.mjs";

// Raise the version when the interface changes: after a deploy, frames of two releases can meet on a page.
const NAME = "newsroom-exchange-1";
const CHECK = 15_000;

/** One live blog's connection and the embeds that share it. Each of them has at least `number`. */
class Line {
  constructor(path, embed, askInTurn) {
    this.members = new Set([embed]);
    this.number = embed.number;
    this.connection = new Connection(path, this, askInTurn);
  }

  get isLive() {
    return [...this.members].some((embed) => embed.isLive);
  }

  add(embed) {
    this.members.add(embed);
    if (this.connection.isLost) embed.lost();
    if (embed.number >= this.number) return;
    this.number = embed.number;
    this.connection.start();
  }

  apply(delta) {
    this.number = Math.max(this.number, delta.number);
    this.#tell((embed) => embed.apply(delta));
    this.changed();
  }

  connected() {
    this.#tell((embed) => embed.connected());
  }
  lost() {
    this.#tell((embed) => embed.lost());
  }
  reload() {
    this.#tell((embed) => embed.reload());
  }

  /** Set by the exchange. */
  changed() {}

  #tell(say) {
    for (const embed of [...this.members]) {
      // An error in one frame must not stop the others.
      try {
        say(embed);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

/** All connections of a page, held by one of its frames. */
class Exchange {
  constructor() {
    this.owner = window;
    this.lines = new Map();
    // Polls run one after another, so that they use a single connection.
    this.lastPoll = Promise.resolve();
    this.failures = 0;
    addEventListener("pagehide", () => this.#close());
  }

  join(path, embed) {
    const line = this.lines.get(path);
    if (line) {
      line.add(embed);
    } else {
      const added = new Line(path, embed, (url) => this.#askInTurn(url));
      added.changed = () => this.#share();
      this.lines.set(path, added);
    }
    this.#share();
    this.lines.get(path).connection.open();
  }

  leave(path, embed) {
    const line = this.lines.get(path);
    if (!line?.members.delete(embed)) return;
    if (!line.members.size) {
      line.connection.close();
      this.lines.delete(path);
    }
    this.#share();
  }

  /** Stream if there is one running live blog; poll in turn if there are several. */
  #share() {
    const running = [...this.lines.values()].filter((line) => line.isLive);
    for (const { connection } of running) {
      const mayStream = running.length === 1;
      if (connection.mayStream === mayStream) continue;
      connection.mayStream = mayStream;
      connection.start();
    }
  }

  /** Poll after the polls before it. If one fails, fail those waiting behind it: the newsroom is down for all. */
  #askInTurn(url) {
    const { failures } = this;
    const answer = this.lastPoll.then(async () => {
      if (this.failures !== failures) throw new Error("the poll before this one failed");
      try {
        return await ask(url, learnTime);
      } catch (error) {
        this.failures += 1;
        throw error;
      }
    });
    this.lastPoll = answer.catch(() => {});
    return answer;
  }

  /** This frame is being removed; another one takes over. */
  #close() {
    const embeds = [...this.lines.values()].flatMap((line) => [...line.members]);
    for (const { connection } of this.lines.values()) connection.close();
    this.lines.clear();
    if (window[NAME] === this) delete window[NAME];
    for (const embed of embeds) embed.move();
  }
}

/** The interface of `Connection` for one embed, backed by the page's exchange. */
export class SharedConnection {
  constructor(path, reader) {
    this.path = path;
    this.reader = reader;
    this.exchange = null;
  }

  get number() {
    return this.reader.number;
  }
  get isLive() {
    return this.reader.isLive;
  }

  apply(delta) {
    this.reader.apply(delta);
  }
  connected() {
    this.reader.connected();
  }
  lost() {
    this.reader.lost();
  }
  reload() {
    this.reader.reload();
  }

  open() {
    if (this.isOpen) return;
    this.isOpen = true;
    this.#join();
    // The frame that holds the exchange may have been removed without an event.
    this.check = setInterval(() => this.#join(), CHECK);
    this.listening = new AbortController();
    const { signal } = this.listening;
    addEventListener("pagehide", () => this.#leave(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#join(), { signal });
  }

  close() {
    this.isOpen = false;
    clearInterval(this.check);
    this.listening?.abort();
    this.#leave();
  }

  /** Join another exchange, in a timer of this frame, once the frame that held the old one is gone. */
  move() {
    this.exchange = null;
    setTimeout(() => this.#join());
  }

  #join() {
    if (!this.isOpen || (this.exchange && isCurrent(this.exchange))) return;
    this.exchange = findExchange();
    this.exchange.join(this.path, this);
  }

  #leave() {
    this.exchange?.leave(this.path, this);
    this.exchange = null;
  }
}

function isCurrent(exchange) {
  try {
    return !exchange.owner.closed && exchange.owner[NAME] === exchange;
  } catch {
    return false;
  }
}

/** Return the page's exchange; create one in this frame if there is none. */
function findExchange() {
  for (const frame of framesOf(window.top)) {
    // Access to frames of other origins throws.
    try {
      if (frame[NAME]?.join) return frame[NAME];
    } catch {
      /* not ours */
    }
  }
  window[NAME] = new Exchange();
  return window[NAME];
}

function* framesOf(frame) {
  yield frame;
  for (let i = 0; i < frame.length; i += 1) yield* framesOf(frame[i]);
}
