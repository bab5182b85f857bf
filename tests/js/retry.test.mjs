import assert from "node:assert/strict";
import { test } from "node:test";

import { pause } from "../../static/js/lib/retry.mjs";

const NOW = Date.parse("2026-03-19T04:00:00Z");

test("seconds and dates are understood", () => {
  assert.equal(pause("7", 0, NOW), 7_000);
  assert.equal(pause("Thu, 19 Mar 2026 04:00:05 GMT", 0, NOW), 5_000);
});

test("desks come back spread out", () => {
  assert.equal(pause("2", 1, NOW), 3_000);
});

test("nonsense and extremes are bounded", () => {
  for (const header of [null, "", "soon", "-1"]) assert.equal(pause(header, 0, NOW) >= 1_000, true);
  assert.equal(pause(null, 0, NOW), 2_000);
  assert.equal(pause("0", 0, NOW), 1_000);
  assert.equal(pause("99999", 0, NOW), 30_000);
  assert.equal(pause("Thu, 19 Mar 2020 04:00:05 GMT", 0, NOW), 1_000);
});
