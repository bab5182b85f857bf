// Requests to the desk's endpoints, with the CSRF token and typed errors.

import { end, user } from "../admin/session.js";
import { fetchUntilFree } from "./busy.js";

// Taken from the page's own address, so that markup cannot redirect requests elsewhere.
const DESK = /^\/admin\/liveblog\/liveblog\/\d+\/desk\//.exec(location.pathname)?.[0];
const VERB = /^(?:updates|responses)\/\d+\/[a-z]+\/$/;

/** Whether this page is a desk. */
export const isDesk = location.pathname === DESK;

/** Return an address of this desk. `path` is empty or ends in a slash. */
export function address(path = "") {
  return DESK + path;
}

/** Return the path of a verb from a button's address. Throw if it is not a verb of this desk. */
export function verbAddress(url) {
  const { origin, pathname } = new URL(url, location);
  if (origin !== location.origin || !pathname.startsWith(DESK) || !VERB.test(pathname.slice(DESK.length))) {
    throw new Error(`not a verb of this desk: ${url}`);
  }
  return pathname;
}

/** The session has ended. */
export class SignedOut extends Error {}

/** The request failed, or the response could not be read. */
export class Unreachable extends Error {}

/** The newsroom stayed busy until the time limit; nothing was changed. */
export class Busy extends Unreachable {}

/**
 * POST `data` (FormData or URLSearchParams) to an address of this desk and return `{status, data}`.
 * Throw SignedOut, Busy or, without a readable response, Unreachable.
 */
export async function post(url, data) {
  data.delete("csrfmiddlewaretoken");
  let answer = await send(url, data, await csrfToken());
  // Signing in again in another tab changes the token.
  if (answer.status === 403 && answer.data.is_token_stale) answer = await send(url, data, await freshToken());
  return answer;
}

/** GET an address of this desk and return `{status, data}`. Throw as `post` does. */
export async function get(url) {
  return read(await reach(url, { headers: { Accept: "application/json" } }));
}

async function send(url, body, token) {
  return read(
    await reach(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } }),
  );
}

let pendingToken;

/** Return the CSRF token of this user. Throw SignedOut or Unreachable. */
export function csrfToken() {
  pendingToken ??= ask();
  return pendingToken;
}

/** Fetch the CSRF token again. Throw SignedOut or Unreachable. */
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
  // Another user has signed in in this browser. Do not send this text in their name.
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

/** Return all messages of an error response, in the order of its fields. */
export function reasons(errors) {
  return Object.values(errors ?? {}).flat();
}
