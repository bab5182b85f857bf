// The reader's place: whatever stands at the top of the view stays there when something above it changes.

const TOP = 8;
const MARK_AFTER = 100;

export class ReadingPlace {
  /** `edge()` says where the view begins: below the bar that sticks to its top. */
  constructor(edge) {
    this.edge = edge;
    // The elements in the view, the topmost and innermost first, and where they stand.
    this.marks = [];
    this.y = scrollY;
    this.height = document.body.offsetHeight;
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // Pictures and frames that take another height than was reserved for them; the reader's turning the phone.
    new ResizeObserver(() => this.#resized()).observe(document.body);
  }

  get isAtTop() {
    return scrollY <= TOP;
  }

  /** Whatever `change` does to the page, what the reader looks at stays where it is. */
  keep(change) {
    this.mark();
    change();
    const left = this.marks.find(({ element }) => isShown(element));
    if (left) this.#moveBack(left);
    this.mark();
  }

  /** Remember what stands in the view now. At the top of the page nothing needs to be kept. */
  mark() {
    clearTimeout(this.timer);
    this.y = scrollY;
    this.height = document.body.offsetHeight;
    this.marks = [];
    if (!this.isAtTop) collect(document.body, Math.max(this.edge(), 0), this.marks);
  }

  #scrolled() {
    // A page that became shorter than it was scrolled: that was the browser's doing, not the reader's.
    if (document.body.offsetHeight !== this.height) return this.#resized();
    const by = scrollY - this.y;
    // What was marked is far from the view after a jump.
    if (!this.marks.length || Math.abs(by) > innerHeight) return this.mark();
    for (const mark of this.marks) mark.top -= by;
    this.y = scrollY;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.mark(), MARK_AFTER);
  }

  #resized() {
    // Where the topmost element itself is gone, the reader has changed the page: loaded a video, for example.
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
    // What is fixed to the view or taken out of the flow says nothing of what moves.
    if (display === "none" || ["sticky", "fixed", "absolute"].includes(position)) continue;
    const { top, bottom, height } = element.getBoundingClientRect();
    if (display !== "contents" && (bottom <= edge || top >= innerHeight || !height)) continue;
    collect(element, edge, marks);
    if (display !== "contents") marks.push({ element, top });
  }
}

/** The edge of a view below `bar`: where the bar ends if it sticks to the top, else the top itself. */
export function edgeBelow(bar) {
  return () => {
    const { top, bottom } = bar.getBoundingClientRect();
    return top <= 0 ? bottom : 0;
  };
}
