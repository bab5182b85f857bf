// When to try again: pure, so that it is tested without a page.

/** Milliseconds before a retry, with full jitter: anything up to `least`, doubled with each failure up to `most`. */
export function fullJitter(failures, least, most, random = Math.random()) {
  return random * Math.min(least * 2 ** failures, most);
}

/** Milliseconds before the next regular poll: `most`, or up to two fifths less, so that pages drift apart. */
export function spread(most, random = Math.random()) {
  return most * (1 - 0.4 * random);
}
