// The preview: what is in the composer, posted into a frame that shows the readers' own template.

import { csrfToken } from "./send.js";

export class Preview {
  constructor(desk) {
    this.desk = desk;
    this.dialog = document.querySelector("[data-preview-dialog]");
    for (const button of desk.composer.form.querySelectorAll("[data-preview]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.open());
    }
    this.dialog.querySelector("[data-preview-editions]").addEventListener("click", (event) => {
      const { edition } = event.target.dataset;
      if (edition !== undefined) this.#show(edition);
    });
  }

  open() {
    this.dialog.showModal();
    this.#show("");
  }

  #show(edition) {
    for (const button of this.dialog.querySelectorAll("[data-edition]")) {
      button.setAttribute("aria-pressed", String(button.dataset.edition === edition));
    }
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: this.desk.root.dataset.previewUrl, target: "preview", hidden: true });
    const data = new FormData(this.desk.composer.form);
    data.set("edition", edition);
    data.set("csrfmiddlewaretoken", csrfToken());
    for (const [name, value] of data.entries()) {
      if (value instanceof File) continue;
      const field = document.createElement("textarea");
      Object.assign(field, { name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  }
}
