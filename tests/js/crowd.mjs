// Many open pages in one process: each has the readers' own connection code, with node's fetch below it.
//
//   node crowd.mjs URL COUNT NUMBER
//
// Follows the live blog at URL from NUMBER on. Prints a JSON line for each request that a page starts ("stream",
// "poll"), for each stream that opens ("open") or ends ("ended"), and for each page that says it is lost ("lost"),
// with the time in milliseconds since 1970. Ends when its input does.

import { setMaxListeners } from "node:events";

const [url, count, number] = process.argv.slice(2);

function tell(kind) {
  process.stdout.write(`${JSON.stringify({ kind, at: Date.now() })}\n`);
}

/** What a browser's EventSource does until its first error; a connection closes it then. */
class EventSource extends EventTarget {
  constructor(address) {
    super();
    this.ending = new AbortController();
    this.#read(address);
  }

  close() {
    this.ending.abort();
  }

  async #read(address) {
    tell("stream");
    try {
      const { signal } = this.ending;
      const response = await fetch(address, { headers: { Accept: "text/event-stream" }, signal });
      if (response.status !== 200) throw new Error(`stream: ${response.status}`);
      tell("open");
      this.dispatchEvent(new Event("open"));
      let text = "";
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        const events = (text + chunk).split("\n\n");
        text = events.pop();
        for (const event of events) this.#dispatch(event);
      }
      tell("ended");
    } catch {
      /* as below */
    }
    if (!this.ending.signal.aborted) this.dispatchEvent(new Event("error"));
  }

  #dispatch(event) {
    const fields = Object.fromEntries(
      event.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
    );
    if (fields.data === undefined) return;
    this.dispatchEvent(Object.assign(new Event(fields.event ?? "message"), { data: fields.data }));
  }
}

globalThis.EventSource = EventSource;
globalThis.document = Object.assign(new EventTarget(), { hidden: false });
setMaxListeners(0, globalThis.document);
globalThis.addEventListener = () => {};
Object.defineProperty(globalThis, "navigator", { value: { onLine: true } });
const ownFetch = globalThis.fetch;
globalThis.fetch = (address, options) => {
  if (address.includes("changes.json")) tell("poll");
  return ownFetch(address, options);
};

const { Connection } = await import("../../static/js/lib/connection.mjs");
for (let i = 0; i < count; i += 1) {
  const page = {
    number: Number(number),
    isLive: true,
    apply(delta) {
      this.number = delta.number;
    },
    connected() {},
    lost() {
      tell("lost");
    },
    reload() {
      tell("reload");
    },
  };
  new Connection(url, page).open();
}

process.stdin.on("end", () => process.exit()).resume();
