// Scroll anchoring: keep the element at the top of the viewport in place when content above it changes.

const TOP = 8;
const MARK_AFTER = 100;

export class ReadingPlace {
  /** `edge()` returns where the visible area begins, below the sticky bar, in CSS pixels. */
  constructor(edge) {
    this.edge = edge;
    // The elements in the viewport with their tops, the topmost and innermost first.
    this.marks = [];
    this.y = scrollY;
    this.height = document.body.offsetHeight;
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // Pictures and frames that load with an unexpected height, and rotated phones.
    new ResizeObserver(() => this.#resized()).observe(document.body);
  }

  get isAtTop() {
    return scrollY <= TOP;
  }

  /** Run `change`, then scroll so that the element which the reader looks at has not moved. */
  keep(change) {
    this.mark();
    change();
    const left = this.marks.find(({ element }) => isShown(element));
    if (left) this.#moveBack(left);
    this.mark();
  }

  /** Remember the elements in the viewport. At the top of the page, nothing has to be kept in place. */
  mark() {
    clearTimeout(this.timer);
    this.y = scrollY;
    this.height = document.body.offsetHeight;
    this.marks = [];
    if (!this.isAtTop) collect(document.body, Math.max(this.edge(), 0), this.marks);
  }

  #scrolled() {
    // The page became shorter than its scroll position, so the browser scrolled, not the reader.
    if (document.body.offsetHeight !== this.height) return this.#resized();
    const by = scrollY - this.y;
    // After a jump, the marked elements are far from the viewport.
    if (!this.marks.length || Math.abs(by) > innerHeight) return this.mark();
    for (const mark of this.marks) mark.top -= by;
    this.y = scrollY;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.mark(), MARK_AFTER);
  }

  #resized() {
    // If the topmost element itself is gone, the reader has changed the page, for example by loading a video.
    const [topmost] = this.marks;
    if (topmost && isShown(topmost.element)) this.#moveBack(topmost);
    this.mark();
  }

  #moveBack({ element, top }) {
    const moved = element.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 0.5) scrollBy({ top: moved, behavior: "instant" });
  }
}

function isShown(element) {
  return element.isConnected && element.getClientRects().length > 0;
}

function collect(parent, edge, marks) {
  for (const element of parent.children) {
    const { display, position } = getComputedStyle(element);
    // Elements that are fixed or out of the flow do not move with the content.
    if (display === "none" || ["sticky", "fixed", "absolute"].includes(position)) continue;
    const { top, bottom, height } = element.getBoundingClientRect();
    if (display !== "contents" && (bottom <= edge || top >= innerHeight || !height)) continue;
    collect(element, edge, marks);
    if (display !== "contents") marks.push({ element, top });
  }
}

/** Return an `edge` function: the bottom of `bar` while it sticks to the top, else 0. */
export function edgeBelow(bar) {
  return () => {
    const { top, bottom } = bar.getBoundingClientRect();
    return top <= 0 ? bottom : 0;
  };
}
