// Where updates go and what a change means for an open page: pure, so that it is tested without a page.

/** The index at which `order` goes among `orders`, which are newest (highest) first. */
export function placeOf(order, orders) {
  const index = orders.findIndex((other) => other < order);
  return index < 0 ? orders.length : index;
}

/**
 * What to do with a changed update on an open page.
 * `shown`: its order there, or null. `page`: {orders (newest first), before (the order that a page of older
 * updates ends at), hasOlder}.
 * - "replace" in place, "move" to another place, "remove" (it went below what the page shows)
 * - "insert" quietly in its place, "announce" as new at the top, "ignore"
 */
export function decide(update, shown, page) {
  const { orders, before, hasOlder } = page;
  const isBelow = orders.length > 0 && update.order < orders.at(-1) && hasOlder;
  const isElsewhere = isBelow || (before !== undefined && update.order >= before);
  if (shown === update.order) return "replace";
  if (shown !== null) return isElsewhere ? "remove" : "move";
  if (isElsewhere) return "ignore";
  const isNewest = before === undefined && (orders.length === 0 || update.order > orders[0]);
  return isNewest && update.status === "published" ? "announce" : "insert";
}
