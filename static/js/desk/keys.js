// Single-key shortcuts outside text fields, their list, and the switch that disables them.

const OFF = "newsroom-desk-keys-off";

export class Keys {
  constructor(desk) {
    this.desk = desk;
    this.dialog = document.querySelector("[data-keys-dialog]");
    this.isOn = !remembered();
    const button = desk.root.querySelector("[data-keys-open]");
    button.hidden = false;
    button.addEventListener("click", () => this.dialog.showModal());
    const box = this.dialog.querySelector("[data-keys-on]");
    box.checked = this.isOn;
    box.addEventListener("change", () => {
      this.isOn = box.checked;
      remember(!this.isOn);
    });
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if ((event.ctrlKey || event.metaKey) && event.altKey && event.code === "KeyZ") {
      // Compare the physical key, because with Alt it types another letter on some keyboards.
      event.preventDefault();
      return void this.desk.toasts.undo();
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    // The editor handles Escape without doing anything, so ignore defaultPrevented here.
    if (event.key === "Escape") return void this.#leaveComposer(event);
    if (event.defaultPrevented || !this.isOn || isTyping(event.target)) return;
    const act = this.#actions()[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #actions() {
    const { composer, timeline, toasts, preview, views } = this.desk;
    const press = (part) => timeline.current?.querySelector(`[data-key-${part}]`)?.click();
    // 0 is the timeline, 1 to 6 are the queues.
    const tabs = [...this.desk.root.querySelectorAll("[data-queue-tab]")];
    return {
      "?": () => this.dialog.showModal(),
      n: () => {
        views.write();
        composer?.focus();
      },
      j: () => this.#step(1),
      k: () => this.#step(-1),
      e: () => press("edit"),
      p: () => press("pin"),
      m: () => press("mark"),
      c: () => press("confirm"),
      h: () => press("history"),
      u: () => toasts.undo(),
      v: () => preview?.open(),
      w: () => this.#askWhy(timeline.current),
      ...Object.fromEntries(tabs.map((tab, index) => [String(index), () => tab.click()])),
    };
  }

  #askWhy(row) {
    const details = row?.querySelector("[data-key-withdraw]");
    if (!details) return;
    details.open = true;
  }

  #step(by) {
    const { timeline, views } = this.desk;
    if (timeline.isHidden) views.open("");
    timeline.step(by);
  }

  #leaveComposer(event) {
    const withdrawal = event.target.closest?.("[data-key-withdraw][open]");
    if (withdrawal) {
      withdrawal.open = false;
      withdrawal.closest(".row").focus();
    } else if (isTyping(event.target) && this.desk.composer?.form.contains(event.target)) {
      event.target.blur();
      this.#step(0);
    }
  }
}

function isTyping(element) {
  return (
    element.isContentEditable ||
    ["textarea", "select"].includes(element.localName) ||
    (element.localName === "input" && !["checkbox", "radio", "button", "submit", "file"].includes(element.type))
  );
}

function remembered() {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false;
  }
}

function remember(isOff) {
  try {
    localStorage.setItem(OFF, isOff ? "yes" : "no");
  } catch {
    /* storage is disabled, so the setting lasts for this visit only */
  }
}
