// The parts of the desk: timeline or a queue beside the composer; below 1100 px, one part at a time.

const NARROW = matchMedia("(max-width: 1099.98px)");
// The queues in which rows wait for somebody, most urgent first.
const URGENT = ["submitted", "responses", "unresolved"];

export class Views {
  /** `opened()` is called after another queue was chosen. */
  constructor(root, opened) {
    this.root = root;
    this.opened = opened;
    this.tabs = [...root.querySelectorAll("[data-queue-tab]")];
    for (const tab of this.tabs) {
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        this.open(tab.dataset.queueTab);
      });
    }
    this.bar = root.querySelector("[data-views]");
    this.bar.hidden = false;
    this.bar.addEventListener("click", ({ target }) => {
      const view = target.closest("[data-view-tab]")?.dataset.viewTab;
      if (view === "write") this.write();
      else if (view) this.open(view === "timeline" ? "" : this.#mostUrgent());
    });
    const menu = root.querySelector("[data-menu]");
    addEventListener("click", ({ target }) => menu.contains(target) || menu.removeAttribute("open"));
    menu.addEventListener("keydown", ({ key }) => key === "Escape" && menu.removeAttribute("open"));
    if (!root.querySelector("[data-composer]")) this.bar.querySelector("[data-view-tab=write]").hidden = true;
    if (!root.querySelector("[data-composer]") && root.dataset.view === "write") root.dataset.view = "timeline";
    this.#mark();
    this.#followKeyboard();
  }

  /** Show a queue, or the timeline if `queue` is empty. */
  open(queue) {
    for (const tab of this.tabs) {
      if (tab.dataset.queueTab === queue) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    this.root.dataset.queue = queue;
    this.root.querySelector("[data-timeline-panel]").hidden = Boolean(queue);
    this.root.querySelector("[data-queue-panel]").hidden = !queue;
    this.#turn(queue ? "queue" : "timeline");
    this.opened();
  }

  write() {
    this.#turn("write");
  }

  #mostUrgent() {
    const { queue } = this.root.dataset;
    const waiting = URGENT.find((name) => this.root.querySelector(`[data-count=${name}]`)?.textContent.trim() !== "0");
    return queue || waiting || URGENT[0];
  }

  #turn(view) {
    if (this.root.dataset.view === view) return;
    this.root.dataset.view = view;
    this.#mark();
    if (NARROW.matches) scrollTo({ top: 0, behavior: "instant" });
  }

  #mark() {
    for (const button of this.bar.children) {
      if (button.dataset.viewTab === this.root.dataset.view) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  /** Keep the foot above a keyboard that covers the page, as on iOS, instead of shrinking it. */
  #followKeyboard() {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const place = () => {
      const covered = viewport.scale === 1 ? Math.max(0, innerHeight - viewport.height - viewport.offsetTop) : 0;
      this.root.style.setProperty("--keyboard", `${Math.round(covered)}px`);
    };
    for (const name of ["resize", "scroll"]) viewport.addEventListener(name, place);
  }
}
