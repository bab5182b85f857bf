import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Connection } from "../../static/js/lib/connection.mjs";

let asked, streams, answer, page, connection;

class FakeStream extends EventTarget {
  constructor(url) {
    super();
    asked.push(url.includes("stream?") ? "stream" : url);
    streams.push(this);
  }

  close() {
    this.isClosed = true;
  }

  say(name, data) {
    this.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data ?? null) }));
  }
}

/** Let promises that have been settled be acted upon. */
async function settle() {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

async function pass(milliseconds) {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    mock.timers.tick(100);
    await settle();
  }
}

beforeEach(async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  asked = [];
  streams = [];
  answer = async () => {
    asked.push("poll");
    return { number: page.number, has_more: false };
  };
  globalThis.EventSource = FakeStream;
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  globalThis.addEventListener = () => {};
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  page = {
    number: 7,
    isLive: true,
    isLost: false,
    apply(delta) {
      this.number = delta.number;
    },
    connected() {
      this.isLost = false;
    },
    lost() {
      this.isLost = true;
    },
    reload() {
      asked.push("reload");
    },
  };
  connection = new Connection("/live/storm/", page, () => answer());
  connection.open();
  await settle();
  streams[0].say("open");
  await settle();
});

afterEach(() => {
  connection.close();
  mock.timers.reset();
});

function goAway() {
  answer = async () => {
    asked.push("poll");
    throw new Error("refused");
  };
}

test("a page catches up by a poll and then holds a stream", async () => {
  await pass(20_000);
  assert.deepEqual(asked, ["poll", "stream"]);
});

test("a stream that ends is resumed by a stream within two seconds, without a poll", async () => {
  streams[0].say("message", { number: 8 });
  streams[0].say("error");
  assert.deepEqual(asked, ["poll", "stream"]);
  await pass(2_000);
  streams[1].say("open");
  await pass(10_000);
  assert.deepEqual(asked, ["poll", "stream", "stream"]);
  assert.equal(page.isLost, false);
});

test("while nothing answers, pages try again within two seconds, and are lost after ten", async () => {
  goAway();
  streams[0].say("message", { number: 8 });
  streams[0].say("error");
  for (let i = 1; i <= 4; i += 1) {
    await pass(2_000);
    assert.ok(asked.filter((kind) => kind === "stream").length > i, asked.join(" "));
    streams.at(-1).say("error");
    await settle();
  }
  assert.equal(page.isLost, false);
  await pass(2_100);
  assert.equal(page.isLost, true);
});

test("a page without a network is lost at the first failure", async () => {
  goAway();
  navigator.onLine = false;
  streams[0].say("error");
  await settle();
  assert.equal(page.isLost, true);
});

test("a silent stream is closed, polled for at once, and the next one is polled beside until it speaks", async () => {
  await pass(28_100);
  assert.equal(streams[0].isClosed, true);
  assert.ok(asked.filter((kind) => kind === "poll").length >= 2);
  await pass(2_000);
  streams[1].say("open");
  const before = asked.length;
  await pass(10_000);
  assert.deepEqual(new Set(asked.slice(before)), new Set(["poll"]));
  streams[1].say("heartbeat");
  const spoken = asked.length;
  await pass(20_000);
  assert.equal(asked.length, spoken);
});

test("refused streams are tried less and less often while polls are answered", async () => {
  streams[0].say("error");
  for (let i = 0; i < 600; i += 1) {
    await pass(100);
    if (!streams.at(-1).isClosed) streams.at(-1).say("error");
    await settle();
  }
  assert.ok(streams.length <= 15, String(streams.length));
  const polls = asked.filter((kind) => kind === "poll").length;
  assert.ok(polls >= 10, String(polls));
  assert.equal(page.isLost, false);
});

test("the end of coverage ends the stream and asks for nothing at once", async () => {
  page.isLive = false;
  streams[0].say("message", { number: 8 });
  assert.equal(streams[0].isClosed, true);
  await pass(30_000);
  assert.deepEqual(asked, ["poll", "stream"]);
});

test("a withdrawn blog is loaded again within a second, and not followed any more", async () => {
  streams[0].say("gone");
  await pass(1_000);
  assert.deepEqual(asked, ["poll", "stream", "reload"]);
});
