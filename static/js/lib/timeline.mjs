// The order of updates, and how an open page handles a changed one.

/** Return the index at which `order` belongs in `orders`, which are newest (highest) first. */
export function placeOf(order, orders) {
  const index = orders.findIndex((other) => other < order);
  return index < 0 ? orders.length : index;
}

/**
 * Return what an open page does with a changed update: "replace" it in place, "move" it, "remove" it (it is now
 * on another page), "insert" it in order, "announce" it as new at the top, or "ignore" it.
 *
 * `current` is the update's order on the page, or null. `page` has `orders` (newest first), `before` (the order
 * before which a page of older updates begins) and `hasOlder`.
 */
export function decide(update, current, page) {
  const { orders, before, hasOlder } = page;
  const isBelow = orders.length > 0 && update.order < orders.at(-1) && hasOlder;
  const isElsewhere = isBelow || (before !== undefined && update.order >= before);
  if (current === update.order) return "replace";
  if (current !== null) return isElsewhere ? "remove" : "move";
  if (isElsewhere) return "ignore";
  const isNewest = before === undefined && (orders.length === 0 || update.order > orders[0]);
  return isNewest && update.status === "published" ? "announce" : "insert";
}
