// Sending to the desk: forms as they are, answers as JSON, and what to do when neither arrives.

import { fetchUntilFree } from "./busy.js";

/** Nobody is signed in any more. `address` is where to sign in. */
export class SignedOut extends Error {
  constructor(address) {
    super("signed out");
    this.address = address;
  }
}

/** The network, or the server, did not answer. */
export class Unreachable extends Error {}

/** The newsroom stayed busy: nothing was carried out. */
export class Busy extends Unreachable {}

/**
 * POST `data` (FormData or URLSearchParams); `{status, data}` of the answer.
 * Throws SignedOut, Busy, and Unreachable when there was no answer that can be read.
 */
export async function post(url, data) {
  // Signing in again in another tab changes the token: the cookie has the present one.
  data.delete("csrfmiddlewaretoken");
  let response;
  try {
    response = await fetchUntilFree(url, {
      method: "POST",
      body: data,
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
    });
  } catch (cause) {
    throw new Unreachable("no answer", { cause });
  }
  if (response.status === 503) throw new Busy("busy");
  const answer = await readJson(response);
  if (response.status === 401) throw new SignedOut(answer?.login);
  if (!answer) throw new Unreachable(`answer ${response.status}`);
  return { status: response.status, data: answer };
}

export function csrfToken() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

async function readJson(response) {
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) return null;
  try { return await response.json(); } catch { return null; }
}

/** Every message of an answer that refused, in the order of its fields. */
export function reasons(errors) {
  return Object.values(errors ?? {}).flat();
}
