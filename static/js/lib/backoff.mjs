// Backoff and jitter.

/** Return a retry delay in milliseconds with full jitter: up to `least`, doubled per failure, at most `most`. */
export function fullJitter(failures, least, most, random = Math.random()) {
  return random * Math.min(least * 2 ** failures, most);
}

/** Return the delay before the next regular poll in milliseconds: 60 to 100 % of `most`, so that pages drift apart. */
export function spread(most, random = Math.random()) {
  return most * (1 - 0.4 * random);
}
