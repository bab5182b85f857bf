import assert from "node:assert/strict";
import { test } from "node:test";

import { ago } from "../../static/js/lib/ago.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("says minutes, then hours, in the page's language", () => {
  assert.equal(ago(0, 20_000, "en"), "1 minute ago");
  assert.equal(ago(0, 59 * MINUTE, "en"), "59 minutes ago");
  assert.equal(ago(0, 60 * MINUTE, "en"), "1 hour ago");
  assert.equal(ago(0, 5 * MINUTE, "zh-Hant-HK"), "5 分鐘前");
  assert.equal(ago(0, 5 * HOUR, "zh-Hans"), "5小时前");
});

test("says nothing before the moment, from a day on, and for no moment at all", () => {
  assert.equal(ago(1, 0, "en"), "");
  assert.equal(ago(0, 24 * HOUR, "en"), "");
  assert.equal(ago(NaN, 0, "en"), "");
});
