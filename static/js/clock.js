// The server's clock, because a reader's clock can be minutes off or, with a wrong time zone, hours.

const ANSWERED_WITHIN = 10_000;

let ahead = 0;
let isSettled = false;

/** Return the server's time in milliseconds since 1970, or the browser's until a response has given it. */
export function now() {
  return Date.now() + ahead;
}

/** Return whether a response has given the server's time, or asking for it has failed. */
export function isTimeSettled() {
  return isSettled;
}

/** Take the server's time from a response: when it was made (`Date`) and its age in caches (`Age`). */
export function learnTime(response) {
  const date = Date.parse(response.headers.get("Date"));
  if (!Number.isNaN(date)) ahead = date + (Number(response.headers.get("Age")) || 0) * 1_000 - Date.now();
  isSettled = true;
  dispatchEvent(new Event("time-settled"));
}

/** Ask for the server's time unless a poll has given it. A HEAD request for a script costs the server least. */
export const askTime = async () => {
  if (isSettled) return;
  const { src } = document.querySelector("script[type=module][src]");
  try {
    learnTime(await fetch(src, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(ANSWERED_WITHIN) }));
  } catch {
    // Offline: use the reader's own clock.
    learnTime(new Response());
  }
};
