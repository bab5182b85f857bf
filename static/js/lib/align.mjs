// Alignment of two lists, for morphing.

// The maximum size of the table below; two lists of a thousand texts take a few milliseconds.
const MOST_CELLS = 1_000_000;

/**
 * Return a longest common subsequence of two lists of strings as pairs of indices, `[index in a, index in b]`.
 * For very long lists, match only the common beginning and end.
 */
export function align(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const range = (count, offsetA, offsetB) => Array.from({ length: count }, (_, i) => [offsetA + i, offsetB + i]);
  const middle = alignMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [
    ...range(start, 0, 0),
    ...middle.map(([i, j]) => [start + i, start + j]),
    ...range(end, a.length - end, b.length - end),
  ];
}

function alignMiddle(a, b) {
  const width = b.length + 1;
  if (!a.length || !b.length || a.length * b.length > MOST_CELLS) return [];
  // The length of the longest common subsequence of a from i on and b from j on.
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      lengths[at] = a[i] === b[j] ? lengths[at + width + 1] + 1 : Math.max(lengths[at + width], lengths[at + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}
