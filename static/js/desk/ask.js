// The question before a published update is saved: two equal buttons, of which Enter takes neither.

import { address, post } from "./send.js";

export class Ask {
  /** `desk`: {composer, failed(error)}. */
  constructor(desk, form) {
    this.desk = desk;
    this.form = form;
    this.question = form.querySelector("[data-ask]");
    this.dialog = document.createElement("dialog");
    this.dialog.className = "desk-dialog ask-dialog";
    this.dialog.setAttribute("aria-label", this.question.querySelector("legend").textContent);
    this.question.before(this.dialog);
    this.dialog.append(this.question);
    this.note = form.elements.note;
    this.notePart = this.#part("note");
    this.reason = this.#part("reason");
    this.correct = form.querySelector("[data-action=correct]");
    this.correct.addEventListener("click", (event) => {
      event.preventDefault();
      this.#choose();
      this.note.focus();
    });
    form.querySelector("[data-action=edit]").addEventListener("click", () => this.dialog.close());
    this.#part("send").addEventListener("click", () => this.#send());
    this.#part("back").addEventListener("click", () => this.dialog.close());
    for (const name of ["send", "back"]) this.#part(name).hidden = false;
    const opener = form.querySelector("[data-ask-open]");
    opener.hidden = false;
    opener.addEventListener("click", () => this.open());
    this.dialog.addEventListener("keydown", (event) => this.#pressed(event));
  }

  async open() {
    if (this.dialog.open) return;
    this.#forget();
    let answer;
    try {
      answer = await post(address("ask/"), new FormData(this.form));
    } catch (error) {
      return void this.desk.failed(error);
    }
    if (answer.status !== 200) return void this.desk.composer.showErrors(answer.data.errors);
    this.#part("difference").innerHTML = answer.data.html;
    this.dialog.showModal();
    if (answer.data.reason) this.#choose(answer.data.reason);
    else if (this.note.value.trim()) this.#choose();
    // The focus is on the question, so that Enter does nothing.
    this.#part("title").focus();
  }

  /** Show the server's refusal: of the note beside it, of anything else beside the text. */
  refuse(errors) {
    if (!errors.note) return void this.dialog.close();
    this.#choose();
    this.note.focus();
  }

  close() {
    this.dialog.close();
  }

  #part(name) {
    return this.form.querySelector(`[data-ask-${name}]`);
  }

  #forget() {
    this.correct.setAttribute("aria-pressed", "false");
    this.notePart.hidden = true;
    this.reason.hidden = true;
    this.#part("send").hidden = true;
  }

  #choose(reason = "") {
    this.correct.setAttribute("aria-pressed", "true");
    this.notePart.hidden = false;
    this.#part("send").hidden = false;
    if (!reason) return;
    this.reason.hidden = false;
    this.reason.textContent = interpolate(gettext("%s This looks like a correction."), [reason]);
  }

  #send() {
    this.desk.composer.submit("correct");
  }

  #pressed(event) {
    // The composer's own shortcuts must not run behind the question.
    event.stopPropagation();
    if (event.isComposing || event.keyCode === 229) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      if (!this.notePart.hidden) this.#send();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.note) return;
    const action = { c: "correct", m: "edit" }[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    this.form.querySelector(`[data-action=${action}]`).click();
  }
}
