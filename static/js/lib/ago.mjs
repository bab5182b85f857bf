// How long ago, in words: pure, so that it is tested without a page.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `moment` and `now` in milliseconds since 1970; empty before the moment and from a day on. */
export function ago(moment, now, language) {
  const passed = now - moment;
  if (!(passed >= 0 && passed < DAY)) return "";
  const words = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  if (passed < HOUR) return words.format(-Math.max(1, Math.floor(passed / MINUTE)), "minute");
  return words.format(-Math.floor(passed / HOUR), "hour");
}
