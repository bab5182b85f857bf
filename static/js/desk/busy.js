// A newsroom that is busy (503): what was sent is sent again, as it was, until it is taken.

import { pause } from "../lib/retry.mjs";

// After that the editor is told, and has the text back.
const PATIENCE = 180_000;
// The desk repeats these by itself, with what is newer by then.
const REPEATED = /\/(?:state|autosave)\/$/;

let waiting = 0;

/**
 * As `fetch`, and again after each 503: it was not carried out, and a submission's token lets it be carried out once.
 * `document` hears `desk:busy` with the number of requests that wait. Returns the last answer when patience ends.
 */
export async function fetchUntilFree(url, options) {
  const deadline = Date.now() + PATIENCE;
  let isWaiting = false;
  try {
    for (;;) {
      const response = await fetch(url, options);
      if (response.status !== 503 || REPEATED.test(url) || Date.now() > deadline) return response;
      if (!isWaiting) tell(1);
      isWaiting = true;
      await sleep(pause(response.headers.get("Retry-After"), Math.random()));
    }
  } finally {
    if (isWaiting) tell(-1);
  }
}

function tell(more) {
  waiting += more;
  document.dispatchEvent(new CustomEvent("desk:busy", { detail: waiting }));
}

function sleep(milliseconds) { return new Promise((done) => setTimeout(done, milliseconds)); }
