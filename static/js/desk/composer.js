// The composer: sending, autosave and backups of an update's form.

import { onEnd } from "../admin/session.js";
import { Ask } from "./ask.js";
import { address, Busy, post, reasons, SignedOut, verbAddress } from "./send.js";

const AUTOSAVE_AFTER = 1_000;
const AGAIN_AFTER = 5_000;
const CHORD_REPEATS = 1_000;
const NO_TEXT = new Set(["action", "csrfmiddlewaretoken"]);
// The inputs of fields that have another name in the form or are split into two inputs.
const INPUT_OF = {
  happened: "happened_clock",
  happened_at: "happened_clock",
  publish: "publish_clock",
  publish_at: "publish_clock",
};

export class Composer {
  /** `desk`: {root, toasts, backups, refresh()}. */
  constructor(desk, form) {
    this.desk = desk;
    this.form = form;
    this.heading = form.elements.heading;
    this.body = form.elements.body;
    this.status = form.querySelector("[data-autosave]");
    this.errors = form.querySelector("[data-errors]");
    this.isBusy = false;
    // Text typed while a request was pending.
    this.typed = "";
    this.emptiedAt = -Infinity;
    form.addEventListener("beforeinput", (event) => this.#hold(event), { capture: true });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(event.submitter?.value ?? "none");
    });
    form.addEventListener("input", () => this.#changed());
    form.addEventListener("change", () => this.#changed());
    // In the capture phase, before the editor, which would insert a line break.
    form.addEventListener("keydown", (event) => this.#pressed(event), { capture: true });
    addEventListener("pagehide", () => this.#leave());
    onEnd(() => {
      clearTimeout(this.timer);
      this.isUnsaved = false;
    });
    addEventListener("online", () => this.isUnsaved && this.#autosave());
    if (this.isLive) this.ask = new Ask(desk, form);
    this.#offerMore();
    for (const button of form.querySelectorAll("[data-discard]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.discard());
    }
  }

  /** The rich text editor, once it has replaced its textarea. */
  get editor() {
    return this.form.querySelector(".tiptap")?.editor;
  }
  get token() {
    return this.form.elements.token.value;
  }
  get update() {
    return this.form.elements.update.value;
  }
  get isLive() {
    return Boolean(this.form.querySelector("[data-ask]"));
  }

  /** Whether the form contains anything worth keeping. */
  get isWriting() {
    const filled = ["heading", "source", "embed", "note", "edition_wording"].some((name) =>
      this.form.elements[name]?.value.trim(),
    );
    return (
      filled ||
      !isEmpty(this.body.value) ||
      Boolean(this.form.querySelector("[data-picture], .picture-pending")) ||
      [...this.form.querySelectorAll("[name=story_title]")].some((input) => input.value.trim())
    );
  }

  focus() {
    this.heading.focus();
  }

  /**
   * Handle the keyboard shortcut: publish, or submit to the editors; save a waiting update in its present state; for a
   * published update, ask what kind of change it is.
   */
  chord() {
    if (!this.isLive) {
      const button = this.form.querySelector("[data-chord]");
      return void (button && this.submit(button.value));
    }
    this.ask.open();
  }

  async submit(action) {
    // Ignore the second of two fast shortcuts, which finds the composer empty.
    if (this.isBusy || (!this.isWriting && Date.now() < this.emptiedAt + CHORD_REPEATS)) return;
    clearTimeout(this.timer);
    this.showErrors({});
    this.#setBusy(true);
    if (!(await this.desk.pictures.settle())) return void this.#stay();
    const data = new FormData(this.form);
    data.set("action", action);
    const sent = { data, token: this.token, isNew: !this.update };
    this.desk.backups.keep(sent.token, data);
    this.#say(gettext("Sending …"));
    try {
      const { status, data: answer } = await post(address(), data);
      if (status === 200) this.#saved(action, sent, answer);
      else if (status === 409) this.#conflict(answer, sent);
      else this.#refused(answer, sent);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#setBusy(false);
    }
  }

  /** On a phone, the foot has only the main button, the camera and this one, which shows everything else. */
  #offerMore() {
    const button = this.form.querySelector("[data-more-open]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const isOpen = this.form.querySelector("[data-rest]").classList.toggle("is-open");
      button.setAttribute("aria-expanded", String(isOpen));
      this.form.querySelector("[data-more]").open = isOpen;
    });
  }

  /** Empty the composer for the next update. */
  clear(token = newToken()) {
    clearTimeout(this.timer);
    this.isUnsaved = false;
    for (const element of this.form.elements) {
      if (element.type === "checkbox") element.checked = false;
      else if (element.type === "radio") element.checked = element.value === "";
      else if (
        ["text", "url", "date", "time", "file", "number"].includes(element.type) ||
        element.localName === "textarea"
      )
        element.value = "";
    }
    this.editor?.commands.clearContent(false);
    this.form.elements.token.value = token;
    for (const name of ["update", "seen"]) this.form.elements[name].value = "";
    this.form.dispatchEvent(new CustomEvent("composer:cleared"));
    document.querySelector("[data-restored]")?.remove();
    this.#say("");
    this.focus();
  }

  async discard() {
    const data = new FormData();
    data.set("token", this.token);
    this.desk.backups.forget(this.token);
    try {
      await post(address("discard/"), data);
    } catch (error) {
      return void this.desk.failed(error);
    }
    if (this.update) location.assign(`${address()}?new`);
    else this.clear();
  }

  #saved(action, sent, answer) {
    this.desk.backups.forget(sent.token);
    if (action === "draft") {
      // Keep a saved draft open, so that the author can go on writing.
      this.form.elements.update.value = answer.update;
      this.form.elements.seen.value = answer.seen;
      this.form.elements.token.value = answer.token;
      this.desk.toasts.say(answer.message);
      this.isUnsaved = false;
      this.#say(gettext("Saved as a draft"));
    } else if (sent.isNew) {
      this.#empty(sent);
      if (answer.undo) this.desk.toasts.offerUndo(answer.message, () => this.#undo(answer));
      else this.desk.toasts.say(answer.message);
    } else {
      return void location.assign(`${address()}?new${answer.undo ? `&undo=${answer.update}` : ""}`);
    }
    this.desk.refresh();
  }

  /** Empty the composer after the text was saved; text typed in the meantime begins the next update. */
  #empty(sent) {
    if (!isSameText(new FormData(this.form), sent.data)) {
      // An input method has changed the text in the meantime; keep it as a new update.
      this.form.elements.token.value = newToken();
      this.#changed();
      return;
    }
    const typed = this.#takeTyped();
    this.clear();
    this.emptiedAt = Date.now();
    if (typed) document.execCommand("insertText", false, typed);
  }

  #takeTyped() {
    const { typed } = this;
    this.typed = "";
    return typed;
  }

  /** Buffer typing while a request is pending: it belongs to the next update if that succeeds, else to this one. */
  #hold(event) {
    if (!this.isBusy || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.inputType === "insertText") this.typed += event.data ?? "";
  }

  async #undo({ undo, update }) {
    try {
      const { status, data } = await post(verbAddress(undo), new FormData());
      if (status !== 200) return void this.desk.toasts.warn(reasons(data.errors).join(" "));
      // Open the update again, because the editor wants to change it.
      if (!this.isWriting) location.assign(`${address()}?update=${update}`);
      else this.desk.toasts.say(data.message);
      this.desk.refresh();
    } catch (error) {
      this.desk.failed(error);
    }
  }

  #refused({ errors, token }, sent) {
    if (token) {
      // The request had been saved already under its token, so the present text becomes a new submission.
      this.desk.backups.forget(sent.token);
      this.desk.backups.keep(token, sent.data);
      this.form.elements.token.value = token;
      this.desk.refresh();
    }
    this.showErrors(errors);
    this.ask?.refuse(errors);
    this.#stay();
  }

  #failed(error) {
    if (error instanceof SignedOut) this.desk.failed(error);
    else {
      this.ask?.close();
      this.showErrors({
        "": [
          error instanceof Busy
            ? gettext("The newsroom is busy. Your text is kept here: send it again in a moment.")
            : gettext("The newsroom did not answer. Your text is kept here: send it again. It is published once."),
        ],
      });
    }
    this.#stay();
  }

  /** Keep the text after a failure, and add what was typed in the meantime. */
  #stay() {
    this.#setBusy(false);
    const typed = this.#takeTyped();
    if (typed) document.execCommand("insertText", false, typed);
    this.#changed();
  }

  #conflict({ conflict }, sent) {
    const dialog = document.querySelector("[data-conflict-dialog]");
    dialog.innerHTML = conflict;
    this.ask?.close();
    // The server has saved it as a working copy.
    this.desk.backups.forget(sent.token);
    this.isUnsaved = false;
    dialog.querySelector("[data-keep-mine]").addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
    dialog.showModal();
  }

  #pressed(event) {
    // Leave Enter to the input method while it composes.
    if (event.isComposing || event.keyCode === 229 || event.target.closest("dialog")) return;
    const isChord = event.ctrlKey || event.metaKey;
    if (isChord && event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      this.chord();
    } else if (isChord && !event.shiftKey && event.key.toLowerCase() === "s") {
      event.preventDefault();
      if (!this.isLive && this.form.querySelector("[data-action=draft]")) this.submit("draft");
    } else if (event.key === "Enter" && event.target === this.heading) {
      event.preventDefault();
      // Focus synchronously, or the next keystrokes land in the heading.
      if (this.editor) this.editor.view.focus();
      else this.body.focus();
    } else if (
      event.key === "Enter" &&
      event.target.localName === "input" &&
      !["submit", "button", "file"].includes(event.target.type)
    ) {
      event.preventDefault();
    }
  }

  #changed() {
    this.isUnsaved = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#autosave(), AUTOSAVE_AFTER);
    this.#say(gettext("Typing …"));
  }

  async #autosave() {
    clearTimeout(this.timer);
    const token = this.token;
    const data = new FormData(this.form);
    this.#say(gettext("Keeping your text …"));
    this.desk.backups.keep(token, data);
    data.delete("picture_file");
    try {
      const { status, data: answer } = await post(address("autosave/"), data);
      if (status !== 200) throw new Error(reasons(answer.errors).join(" "));
      this.desk.backups.forget(token);
      if (this.token !== token) return;
      this.isUnsaved = false;
      this.saved = data;
      this.#say(gettext("Your text is kept; readers do not see it."));
    } catch (error) {
      if (this.token !== token) return;
      const message =
        error instanceof SignedOut
          ? gettext("You have been signed out. Your text is kept in this browser.")
          : error instanceof Busy
            ? gettext("The newsroom is busy. Your text is kept in this browser.")
            : gettext("No connection. Your text is kept in this browser.");
      this.#say(message, true);
      this.timer = setTimeout(() => this.#autosave(), AGAIN_AFTER);
    }
  }

  /** Send the text of the last second when the page is left. */
  #leave() {
    if (!this.isUnsaved) return;
    const data = new FormData(this.form);
    // Leaving a field fires a change event without changing the text, which the server already has.
    if (this.saved && isSameText(data, this.saved)) return;
    this.desk.backups.keep(this.token, data);
    data.delete("picture_file");
    navigator.sendBeacon(address("autosave/"), data);
  }

  /** Show messages by field: beside the field if it has a place for them, else above the text. */
  showErrors(errors) {
    for (const input of this.form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const place of this.form.querySelectorAll("[data-error-of]")) place.hidden = true;
    this.errors.replaceChildren();
    for (const [name, lines] of Object.entries(errors ?? {})) {
      const place = this.form.querySelector(`[data-error-of="${name}"]`);
      if (place) {
        place.hidden = false;
        place.textContent = lines.join(" ");
      } else {
        for (const line of lines) {
          const paragraph = document.createElement("p");
          paragraph.textContent = line;
          this.errors.append(paragraph);
        }
      }
      const input = this.form.querySelector(`[name="${INPUT_OF[name] ?? name}"]`);
      input?.setAttribute("aria-invalid", "true");
      input?.closest("details")?.setAttribute("open", "");
    }
    this.errors.hidden = !this.errors.childElementCount;
    if (!this.errors.hidden) this.errors.scrollIntoView({ block: "nearest" });
  }

  #setBusy(isBusy) {
    this.isBusy = isBusy;
    this.form.toggleAttribute("aria-busy", isBusy);
  }

  #say(text, isLost = false) {
    this.status.textContent = text;
    this.status.classList.toggle("is-lost", isLost);
  }
}

/** Return whether two forms have the same text, ignoring action and CSRF token. */
function isSameText(form, other) {
  const texts = (data) =>
    JSON.stringify([...data].filter(([name, value]) => typeof value === "string" && !NO_TEXT.has(name)));
  return texts(form) === texts(other);
}

function isEmpty(html) {
  return !html.replace(/<[^>]*>|&nbsp;|\s/g, "");
}

export function newToken() {
  return crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
}
