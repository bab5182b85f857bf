// Entry point of the live desk: creates its parts and connects them. Without it, all forms are posted as usual.

import { Backups } from "./backups.js";
import { Composer, newToken } from "./composer.js";
import { Keys } from "./keys.js";
import { Live } from "./live.js";
import { Moments } from "./moments.js";
import { Pictures } from "./pictures.js";
import { Preview } from "./preview.js";
import { address, Busy, isDesk, post, reasons, SignedOut, verbAddress } from "./send.js";
import { Stories } from "./stories.js";
import { Timeline } from "./timeline.js";
import { Toasts } from "./toasts.js";
import { Views } from "./views.js";

class Desk {
  constructor(root) {
    this.root = root;
    this.visit = newToken();
    this.toasts = new Toasts(root.querySelector("[data-toasts]"));
    this.backups = new Backups();
    this.timeline = new Timeline(root);
    const form = root.querySelector("[data-composer]");
    if (form) {
      this.composer = new Composer(this, form);
      this.moments = new Moments(form);
      this.pictures = new Pictures(this, form);
      this.stories = new Stories(this, form);
      this.preview = new Preview(this);
    }
    this.keys = new Keys(this);
    root.addEventListener("submit", (event) => this.#submitted(event));
    document.addEventListener("desk:busy", ({ detail }) =>
      this.toasts.keep(
        "busy",
        detail ? gettext("The newsroom is busy. Your text is kept; it is sent again until it is taken.") : "",
      ),
    );
    root.addEventListener("toggle", ({ target }) => target.matches("[data-key-withdraw][open]") && askWhy(target), {
      capture: true,
    });
    this.views = new Views(root, () => this.live?.refresh());
    this.live = new Live(this, (state) => this.#show(state));
    this.#handOverBackups();
  }

  refresh() {
    this.live.refresh();
  }

  /** Show why a request failed; the text in the composer stays. */
  failed(error) {
    if (error instanceof SignedOut) document.querySelector("[data-login-dialog]").showModal();
    else if (error instanceof Busy)
      this.toasts.warn(gettext("The newsroom is busy. Nothing was changed: try again in a moment."));
    else this.toasts.warn(gettext("The newsroom cannot be reached. Nothing was changed."));
  }

  /** Post the buttons beside updates and responses. */
  async #submitted(event) {
    const form = event.target;
    if (!form.matches("[data-verbs], .toast-undo")) return;
    event.preventDefault();
    const row = form.closest(".row");
    const url = verbAddress(event.submitter?.getAttribute("formaction") ?? form.getAttribute("action"));
    try {
      const { status, data } = await post(url, new FormData(form));
      if (status !== 200) return void this.toasts.warn(reasons(data.errors).join(" "));
      this.toasts.say(data.message);
      form.closest("details")?.removeAttribute("open");
      form.closest(".toast")?.remove();
      row?.focus({ preventScroll: true });
      this.refresh();
    } catch (error) {
      this.failed(error);
    }
  }

  #show(state) {
    this.timeline.apply(state);
    for (const count of this.root.querySelectorAll("[data-count]")) {
      const text = String(state.counts[count.dataset.count]);
      if (count.textContent !== text) count.textContent = text;
    }
    this.root.querySelector("[data-readers]").textContent = state.readers;
    this.root.querySelector("[data-to-do]").textContent = state.to_do;
    this.#showQueue(state.queue);
    this.#showPeople(state.people);
    if (state.status !== this.root.dataset.status) location.reload();
  }

  #showQueue({ name, html }) {
    const panel = this.root.querySelector("[data-queue-panel]");
    const key = html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
    if (name !== this.root.dataset.queue || panel.html === key) return;
    panel.html = key;
    const used = panel.contains(document.activeElement) ? purposeOf(document.activeElement) : null;
    panel.innerHTML = html;
    if (used === null) return;
    // Keep the keyboard focus on the same button, or in the queue if the button is gone.
    const same = [...panel.querySelectorAll("a, button")].find((element) => purposeOf(element) === used);
    (same ?? panel).focus({ preventScroll: true });
  }

  #showPeople(people) {
    const names = [...new Set(people.map(({ who }) => who))];
    this.root.querySelector("[data-people]").textContent = names.join(gettext(", "));
    const editors = new Map();
    for (const { who, update } of people) {
      if (update) editors.set(update, [...(editors.get(update) ?? []), who]);
    }
    this.timeline.showEditors(editors);
    const others = editors.get(Number(this.composer?.update));
    const notice = this.root.querySelector("[data-also-editing]");
    if (!notice) return;
    notice.hidden = !others;
    const text = others ? interpolate(gettext("%s has this update open, too."), [others.join(gettext(", "))]) : "";
    if (notice.textContent !== text) notice.textContent = text;
  }

  /** Save backups of earlier pages on the server and restore one into an empty composer. */
  async #handOverBackups() {
    if (!this.composer) return;
    for (const token of this.backups.tokens()) {
      if (token === this.composer.token) continue;
      const isNew = !this.backups.fields(token)?.find(([name]) => name === "update")?.[1];
      const isTaken = await this.backups.handOver(token);
      if (isTaken && isNew && !this.composer.isWriting && !this.composer.update) {
        return void location.replace(`${address()}?copy=${encodeURIComponent(token)}`);
      }
    }
  }
}

/** Show the whole form that asks why an update is withdrawn, with the focus on the reason. */
function askWhy(details) {
  details.querySelector("[name=reason]").focus({ preventScroll: true });
  details.scrollIntoView({ block: "nearest" });
}

/** Return the target of a link or button, which is the same before and after a redraw. */
function purposeOf(element) {
  return (
    element.getAttribute("formaction") ?? element.getAttribute("href") ?? element.form?.getAttribute("action") ?? ""
  );
}

const root = document.querySelector("[data-desk]");
if (root && isDesk) window.desk = new Desk(root);
