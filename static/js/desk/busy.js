// A newsroom that is busy (503): what was sent is sent again, as it was, until it is taken.

import { pause } from "../lib/retry.mjs";

// After that the editor is told, and has the text back.
const PATIENCE = 180_000;
// A request that is not answered by then fails. It can be sent again: its token lets it be carried out once.
const ANSWERED_WITHIN = 10_000;
const UPLOADED_WITHIN = 120_000;
// The desk repeats these by itself, with what is newer by then.
const REPEATED = /\/(?:state|autosave)\/$/;

let waiting = 0;

/**
 * As `fetch`, and again after each 503: it was not carried out, and a submission's token lets it be carried out once.
 * `document` hears `desk:busy` with the number of requests that wait. Returns the last answer when patience ends.
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
