import assert from "node:assert/strict";
import { test } from "node:test";

import { fullJitter, spread } from "../../static/js/lib/backoff.mjs";

test("the time before a retry doubles up to a limit and is anything below it", () => {
  assert.equal(fullJitter(0, 1000, 4000, 1), 1000);
  assert.equal(fullJitter(1, 1000, 4000, 1), 2000);
  assert.equal(fullJitter(9, 1000, 4000, 1), 4000);
  assert.equal(fullJitter(9, 1000, 4000, 0.5), 2000);
  assert.equal(fullJitter(9, 1000, 4000, 0), 0);
});

test("regular polls come no later than asked for, and at no common beat", () => {
  assert.equal(spread(5000, 0), 5000);
  assert.equal(spread(5000, 1), 3000);
});
