// Import of running copy: pasting with links and lists, dropping files, and reading again after each choice.
// The server reads the copy. Without this file, the buttons post the same forms.

import { fetchUntilFree } from "./busy.js";
import { Moments } from "./moments.js";

const SETTLED = 250;

/** The form into which copy is pasted. */
class Pasting {
  constructor(form) {
    this.form = form;
    this.field = form.querySelector("[data-text-url]");
    this.field.addEventListener("paste", (event) => this.#pasted(event));
    form.addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    });
    form.addEventListener("drop", (event) => this.#dropped(event));
  }

  #dropped(event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    this.form.elements.file.files = event.dataTransfer.files;
    this.form.requestSubmit();
  }

  async #pasted(event) {
    const html = event.clipboardData.getData("text/html");
    const plain = event.clipboardData.getData("text/plain");
    // Plain-text editors also put their lines on the clipboard as HTML, without links or lists.
    if (!/<(?:a|b|strong|h[1-6]|li)\b|font-weight|mso-list/i.test(html)) return;
    event.preventDefault();
    this.#insert((await this.#textOf(html)) || plain);
  }

  async #textOf(html) {
    const data = new FormData();
    data.set("html", html);
    data.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    try {
      const options = { method: "POST", body: data, headers: { Accept: "application/json" } };
      const response = await fetchUntilFree(this.field.dataset.textUrl, options);
      return response.ok ? (await response.json()).text : "";
    } catch {
      return "";
    }
  }

  #insert(text) {
    const { selectionStart, selectionEnd } = this.field;
    this.field.setRangeText(text, selectionStart, selectionEnd, "end");
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** The preview: after each choice, the server reads the copy again and the response replaces the preview. */
class Reading {
  #timer;
  #count = 0;

  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-message]");
    form.addEventListener("change", (event) => {
      // Send text only by its button, because a pause in typing is not a decision.
      if (!event.target.matches("textarea, [name=profile_name]")) this.#soon();
    });
    form.addEventListener("submit", (event) => {
      if (event.submitter?.name === "confirm") return;
      event.preventDefault();
      this.read(event.submitter);
    });
  }

  #soon() {
    // A pending response does not include this choice.
    this.#count++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.read(), SETTLED);
  }

  async read(submitter) {
    clearTimeout(this.#timer);
    const count = ++this.#count;
    const state = this.#state();
    try {
      const response = await fetchUntilFree(this.form.action, {
        method: "POST",
        body: new FormData(this.form, submitter),
      });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector("[data-reading-state]");
      if (count !== this.#count) return;
      // Signed out, or copy that cannot be read: post the form, so that a page explains it and keeps the copy.
      if (!fresh) return void this.#leave(submitter);
      this.#show(state, fresh);
    } catch {
      if (count === this.#count) this.status.textContent = this.form.dataset.unreachable;
    }
  }

  #leave(submitter) {
    const field = Object.assign(document.createElement("input"), { type: "hidden" });
    Object.assign(field, { name: submitter?.name || "again", value: submitter?.value || "yes" });
    this.form.append(field);
    this.form.submit();
  }

  #state() {
    return this.form.querySelector("[data-reading-state]");
  }

  /** Replace the preview; keep the focus, opened details and the scroll position. */
  #show(state, fresh) {
    const used = document.activeElement;
    const top = used?.getBoundingClientRect().top;
    const scrolled = state.querySelector(".reading-result")?.scrollTop ?? 0;
    for (const open of state.querySelectorAll("details[open][id]")) {
      fresh.querySelector(`#${open.id}`)?.setAttribute("open", "");
    }
    state.replaceWith(fresh);
    new Moments(fresh);
    const result = fresh.querySelector(".reading-result");
    if (result) result.scrollTop = scrolled;
    this.status.textContent = fresh.querySelector("[data-summary]").textContent.trim().replace(/\s+/g, " ");
    const same = used?.id && document.getElementById(used.id);
    if (!same || same === used) return;
    same.focus({ preventScroll: true });
    scrollBy(0, same.getBoundingClientRect().top - top);
  }
}

for (const form of document.querySelectorAll("form[data-paste], form[data-reading]")) new Moments(form);
for (const form of document.querySelectorAll("form[data-paste]")) new Pasting(form);
for (const form of document.querySelectorAll("form[data-reading]")) new Reading(form);
