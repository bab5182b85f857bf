import assert from "node:assert/strict";
import { test } from "node:test";

import { align } from "../../static/js/lib/align.mjs";

const pairsOf = (a, b) =>
  align([...a], [...b])
    .map(([i, j]) => `${a[i]}${i}${j}`)
    .join(" ");

test("what begins and ends alike corresponds", () => {
  assert.equal(pairsOf("abc", "abc"), "a00 b11 c22");
  assert.equal(pairsOf("abc", "axc"), "a00 c22");
  assert.equal(pairsOf("aa", "aaa"), "a00 a11");
  assert.equal(pairsOf("", "abc"), "");
});

test("what was inserted and removed is left out, and nothing crosses", () => {
  assert.equal(pairsOf("abcd", "bxdy"), "b10 d32");
  assert.equal(pairsOf("ab", "ba").length, 3);
});

test("lists that are very long and differ throughout correspond where they begin and end", () => {
  const a = Array.from({ length: 2_000 }, (_, i) => `a${i}`);
  const b = Array.from({ length: 2_000 }, (_, i) => `b${i}`);
  assert.deepEqual(align(["first", ...a, "last"], ["first", ...b, "last"]), [
    [0, 0],
    [2_001, 2_001],
  ]);
});
