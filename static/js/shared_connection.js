// Embeds of one page share their connection to the newsroom: over HTTP/1.1 a browser has six to a site for all frames
// of a page, and pictures need some of them, too.
//
// Frames of one origin reach one another through the tree of frames, on whatever site they are shown. That needs no
// storage, which browsers partition by site or deny to frames altogether, and it ends at the page: all its frames are
// visible or hidden together. A frame that may not reach others (a sandbox without `allow-same-origin`) has its own.

import { learnTime } from "./clock.js";
import { ask, Connection } from "./lib/connection.mjs";

// Raise the number when frames call one another differently: after a deploy those of two releases meet on a page.
const NAME = "newsroom-exchange-1";
const CHECK = 15_000;

/** One live blog's connection, and the embeds that it serves. None of them knows less than `number`. */
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
      // A frame that fails must not keep the others from hearing.
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
    // Polls wait for the one before them, so that they need one connection.
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

  /** One live blog is followed by a stream; several are polled, one after the other. */
  #share() {
    const running = [...this.lines.values()].filter((line) => line.isLive);
    for (const { connection } of running) {
      const mayStream = running.length === 1;
      if (connection.mayStream === mayStream) continue;
      connection.mayStream = mayStream;
      connection.start();
    }
  }

  /** After a failure those that wait fail, too: the newsroom is away for all of them. */
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

  /** This frame goes: another one takes over. */
  #close() {
    const embeds = [...this.lines.values()].flatMap((line) => [...line.members]);
    for (const { connection } of this.lines.values()) connection.close();
    this.lines.clear();
    if (window[NAME] === this) delete window[NAME];
    for (const embed of embeds) embed.move();
  }
}

/** As a `Connection`, for one embed of a page that may have more. */
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
    // A frame may have been removed without a word.
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

  /** The frame that held the connection goes. By a timer of this frame, once that one has gone. */
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

/** The exchange of this page; this frame's own if there is none yet. */
function findExchange() {
  for (const frame of framesOf(window.top)) {
    // Those of other origins throw.
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
