// Retry delays from a response's Retry-After header (RFC 9110, section 10.2.3).

const DEFAULT_SECONDS = 2;
const MOST_SECONDS = 30;

/** Return the milliseconds to wait, extended by up to half by `random` (0 to 1), so that desks do not retry at once. */
export function pause(retryAfter, random, now = Date.now()) {
  const seconds = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1_000;
  const bounded = Number.isNaN(seconds) ? DEFAULT_SECONDS : Math.min(Math.max(seconds, 1), MOST_SECONDS);
  return bounded * 1_000 * (1 + random / 2);
}
