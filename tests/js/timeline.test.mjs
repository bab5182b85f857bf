import assert from "node:assert/strict";
import { test } from "node:test";

import { decide, placeOf } from "../../static/js/lib/timeline.mjs";

const page = { orders: ["09", "07", "05"], before: undefined, hasOlder: true };
const published = (order) => ({ order, status: "published" });

test("an update goes before the first one that is older", () => {
  assert.equal(placeOf("10", page.orders), 0);
  assert.equal(placeOf("06", page.orders), 2);
  assert.equal(placeOf("01", page.orders), 3);
  assert.equal(placeOf("01", []), 0);
});

test("what is newest is announced, what is backdated goes to its place", () => {
  assert.equal(decide(published("10"), null, page), "announce");
  assert.equal(decide(published("06"), null, page), "insert");
  assert.equal(decide({ order: "10", status: "withdrawn" }, null, page), "insert");
  assert.equal(decide(published("10"), null, { ...page, orders: [] }), "announce");
});

test("what sorts below the page is left to older pages, where there are any", () => {
  assert.equal(decide(published("01"), null, page), "ignore");
  assert.equal(decide(published("01"), null, { ...page, hasOlder: false }), "insert");
  assert.equal(decide(published("01"), "05", page), "remove");
});

test("a shown update is replaced in place, or moves", () => {
  assert.equal(decide(published("07"), "07", page), "replace");
  assert.equal(decide(published("06"), "07", page), "move");
});

test("a page of older updates takes no new ones", () => {
  const older = { ...page, before: "10" };
  assert.equal(decide(published("11"), null, older), "ignore");
  assert.equal(decide(published("11"), "07", older), "remove");
  // Newer than all that it shows, and older than what it begins after.
  assert.equal(decide(published("095"), null, older), "insert");
  assert.equal(decide(published("01"), null, { ...older, hasOlder: false }), "insert");
  assert.equal(decide(published("06"), null, older), "insert");
  assert.equal(decide(published("07"), "07", older), "replace");
});
