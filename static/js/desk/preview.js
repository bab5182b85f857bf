// The preview: post the composer's content into a frame that shows it with the readers' template.

import { address, freshToken } from "./send.js";

export class Preview {
  constructor(desk) {
    this.desk = desk;
    this.dialog = document.querySelector("[data-preview-dialog]");
    for (const button of desk.root.querySelectorAll("[data-preview]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.open());
    }
    this.dialog.querySelector("[data-preview-editions]").addEventListener("click", (event) => {
      const { edition } = event.target.dataset;
      if (edition !== undefined) this.#show(edition);
    });
  }

  async open() {
    // The preview shows the pictures, too.
    if (!(await this.desk.pictures.settle())) return;
    this.dialog.showModal();
    this.#show("");
  }

  async #show(edition) {
    let token;
    try {
      token = await freshToken();
    } catch (error) {
      this.dialog.close();
      return void this.desk.failed(error);
    }
    for (const button of this.dialog.querySelectorAll("[data-edition]")) {
      button.setAttribute("aria-pressed", String(button.dataset.edition === edition));
    }
    const form = document.createElement("form");
    // A saved update may have newer ones above it, so show it at the top of the frame.
    const { update } = this.desk.composer;
    const action = address("preview/") + (update ? `#update-${update}` : "");
    Object.assign(form, { method: "post", action, target: "preview", hidden: true });
    const data = new FormData(this.desk.composer.form);
    data.set("edition", edition);
    data.set("csrfmiddlewaretoken", token);
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
