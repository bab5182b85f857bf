// The server's clock: a reader's clock can be wrong by minutes and, with a wrong time zone, by hours.

const ANSWERED_WITHIN = 10_000;

let ahead = 0;
let isSettled = false;

/** The server's time in milliseconds since 1970; the browser's own as long as no answer has told it. */
export function now() {
  return Date.now() + ahead;
}

/** Whether an answer has told the server's time, or none could be had. */
export function isTimeSettled() {
  return isSettled;
}

/** Learn from an answer when it was made (`Date`) and how long caches have kept it since (`Age`). */
export function learnTime(response) {
  const date = Date.parse(response.headers.get("Date"));
  if (!Number.isNaN(date)) ahead = date + (Number(response.headers.get("Age")) || 0) * 1_000 - Date.now();
  isSettled = true;
  dispatchEvent(new Event("time-settled"));
}

/** Ask for the server's time unless a poll has told it, by a HEAD of the script, which costs the server least. */
export const askTime = async () => {
  if (isSettled) return;
  const { src } = document.querySelector("script[type=module][src]");
  try {
    learnTime(await fetch(src, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(ANSWERED_WITHIN) }));
  } catch {
    // Offline: the reader's own clock has to do.
    learnTime(new Response());
  }
};
