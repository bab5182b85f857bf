// Retries while the newsroom is busy (503): send the same request again until it is accepted.

import { pause } from "../lib/retry.mjs";

// After that, give up and tell the editor, who still has the text.
const PATIENCE = 180_000;
// Requests without a response by then fail. It is safe to send them again, because their token makes them idempotent.
const ANSWERED_WITHIN = 10_000;
const UPLOADED_WITHIN = 120_000;
// Do not retry these; the desk repeats them by itself with newer data.
const REPEATED = /\/(?:state|autosave)\/$/;

let waiting = 0;

/**
 * Like `fetch`, but retry after each 503, which means that nothing was changed. Dispatch `desk:busy` on `document` with
 * the number of waiting requests. Return the last response when time is up.
 */
export async function fetchUntilFree(url, options) {
  const deadline = Date.now() + PATIENCE;
  const limit = hasFile(options.body) ? UPLOADED_WITHIN : ANSWERED_WITHIN;
  let isWaiting = false;
  try {
    for (;;) {
      const response = await fetch(url, { ...options, signal: AbortSignal.timeout(limit) });
      if (response.status !== 503 || REPEATED.test(url) || Date.now() > deadline) return response;
      if (!isWaiting) tell(1);
      isWaiting = true;
      await sleep(pause(response.headers.get("Retry-After"), Math.random()));
    }
  } finally {
    if (isWaiting) tell(-1);
  }
}

function hasFile(body) {
  return body instanceof FormData && [...body.values()].some((value) => value instanceof File && value.size);
}

function tell(more) {
  waiting += more;
  document.dispatchEvent(new CustomEvent("desk:busy", { detail: waiting }));
}

function sleep(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
