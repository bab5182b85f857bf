// Sending to the desk: forms as they are, answers as JSON, and what to do when neither arrives.

import { end, user } from "../admin/session.js";
import { fetchUntilFree } from "./busy.js";

// Built from the page's own address: whatever the page's markup says, nothing is sent anywhere else.
const DESK = /^\/admin\/liveblog\/liveblog\/\d+\/desk\//.exec(location.pathname)?.[0];
const VERB = /^(?:updates|responses)\/\d+\/[a-z]+\/$/;

/** Whether this page is a desk's. */
export const isDesk = location.pathname === DESK;

/** An address of this desk: `path` is empty or ends in a slash. */
export function address(path = "") {
  return DESK + path;
}

/** The address of a verb, as a button of the desk has it. Throws for anything else. */
export function verbAddress(url) {
  const { origin, pathname } = new URL(url, location);
  if (origin !== location.origin || !pathname.startsWith(DESK) || !VERB.test(pathname.slice(DESK.length))) {
    throw new Error(`not a verb of this desk: ${url}`);
  }
  return pathname;
}

/** Nobody is signed in any more. */
export class SignedOut extends Error {}

/** The network, or the server, did not answer. */
export class Unreachable extends Error {}

/** The newsroom was busy for as long as this page waited; nothing was carried out. */
export class Busy extends Unreachable {}

/**
 * POST `data` (FormData or URLSearchParams) to an address of this desk; `{status, data}` of the answer.
 * Throws SignedOut, Busy, and Unreachable when there was no answer that can be read.
 */
export async function post(url, data) {
  data.delete("csrfmiddlewaretoken");
  let answer = await send(url, data, await csrfToken());
  // Signing in again in another tab has changed it.
  if (answer.status === 403 && answer.data.is_token_stale) answer = await send(url, data, await freshToken());
  return answer;
}

/** GET an address of this desk; `{status, data}` of the answer. Throws as `post` does. */
export async function get(url) {
  return read(await reach(url, { headers: { Accept: "application/json" } }));
}

async function send(url, body, token) {
  return read(
    await reach(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } }),
  );
}

let pendingToken;

/** The token that requests of this user carry. Throws SignedOut and Unreachable. */
export function csrfToken() {
  pendingToken ??= ask();
  return pendingToken;
}

/** The token as it is now; throws SignedOut when nobody is signed in by now. */
export function freshToken() {
  pendingToken = null;
  return csrfToken();
}

async function ask() {
  try {
    const { data } = await get(address("token/"));
    if (!data.token) throw new Unreachable("no token");
    if (data.user === user) return data.token;
  } catch (error) {
    pendingToken = null;
    throw error;
  }
  // Somebody else has signed in in this browser: what is typed here must not be sent in their name.
  end();
  throw new SignedOut("another user");
}

async function reach(url, options) {
  try {
    return await fetchUntilFree(url, options);
  } catch (cause) {
    throw new Unreachable("no answer", { cause });
  }
}

async function read(response) {
  if (response.status === 401) throw new SignedOut("signed out");
  if (response.status === 503) throw new Busy("busy");
  const data = await readJson(response);
  if (!data) throw new Unreachable(`answer ${response.status}`);
  return { status: response.status, data };
}

async function readJson(response) {
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) return null;
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/** Every message of an answer that refused, in the order of its fields. */
export function reasons(errors) {
  return Object.values(errors ?? {}).flat();
}
