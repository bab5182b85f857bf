// Relative times in words.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// The first use of Intl.RelativeTimeFormat would block a slow phone for a tenth of a second.
const WORDS = {
  en: { minute: " minute ago", minutes: " minutes ago", hour: " hour ago", hours: " hours ago" },
  "zh-Hant": { minutes: " 分鐘前", hours: " 小時前" },
  "zh-Hans": { minutes: "分钟前", hours: "小时前" },
};

/** Return how long ago `moment` was. Both times are in milliseconds since 1970; "" if in the future or a day ago. */
export function ago(moment, now, language) {
  const passed = now - moment;
  if (!(passed >= 0 && passed < DAY)) return "";
  const words = WORDS[Object.keys(WORDS).find((tag) => language.startsWith(tag)) ?? "en"];
  const [count, one, many] =
    passed < HOUR
      ? [Math.max(1, Math.floor(passed / MINUTE)), words.minute, words.minutes]
      : [Math.floor(passed / HOUR), words.hour, words.hours];
  return `${count}${count === 1 ? (one ?? many) : many}`;
}
