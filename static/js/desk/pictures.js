// Pictures in the composer: paste, drop or choose them and describe them. A described picture is part of the update: it
// is uploaded, with progress, when the focus leaves it, or with the update. What is said of it can be changed later.

import { address, freshToken, get, post, reasons, SignedOut } from "./send.js";

// Fail an upload without progress, or without a response after its end, for this long.
const STALLED_AFTER = 10_000;
const DECODED_WITHIN = 90_000;

export class Pictures {
  constructor(desk, form) {
    this.desk = desk;
    this.form = form;
    this.list = form.querySelector("[data-picture-list]");
    const drop = form.querySelector("[data-picture-drop]");
    form.addEventListener("composer:cleared", () => this.list.replaceChildren());
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (event.target.matches("[data-picture-edit]")) {
        event.preventDefault();
        this.#edit(item);
      } else if (event.target.matches("[data-picture-remove]")) {
        item.remove();
        this.#changed();
      }
    });
    for (const button of this.list.querySelectorAll("[data-picture-remove]")) button.hidden = false;
    if (!drop) return;
    drop.hidden = false;
    form.querySelector("[data-picture-plain]").hidden = true;
    const choose = drop.querySelector("[data-picture-choose]");
    const camera = form.querySelector("[data-camera]");
    camera.hidden = false;
    camera.addEventListener("click", () => choose.click());
    choose.addEventListener("change", () => {
      this.add(choose.files);
      choose.value = "";
    });
    form.addEventListener("paste", (event) => this.#take(event, event.clipboardData), { capture: true });
    form.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      form.parentElement.classList.add("is-over");
    });
    for (const name of ["dragleave", "drop"])
      form.addEventListener(name, () => form.parentElement.classList.remove("is-over"));
    form.addEventListener("drop", (event) => this.#take(event, event.dataTransfer), { capture: true });
  }

  /** Ask for descriptions of files; focus the first one. */
  add(files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    for (const file of files) {
      if (pictures.includes(file)) continue;
      this.desk.toasts.warn(
        interpolate(gettext("“%s” is not a picture: use JPEG, PNG, WebP, AVIF or GIF."), [file.name]),
      );
    }
    if (!pictures.length) return;
    this.desk.views.write();
    const fresh = pictures.map((file) => this.#pending(file));
    fresh[0].querySelector("[data-alt]").focus();
  }

  #take(event, data) {
    // Accept files of any type, because the browser would navigate to a dropped file.
    const files = [...(data?.files ?? [])];
    // Text copied from a page may come with a picture; then only the text is wanted.
    if (
      !files.length ||
      (data.types.includes("text/html") && event.type === "paste" && data.getData("text/plain").trim())
    )
      return;
    event.preventDefault();
    event.stopPropagation();
    this.add(files);
  }

  #pending(file) {
    const source = URL.createObjectURL(file);
    const item = this.#editor(source, (data, progress) => {
      data.set("file", file);
      return this.#send(data, progress);
    });
    item.uploaded = () => URL.revokeObjectURL(source);
    item.addEventListener("focusout", ({ relatedTarget }) => {
      const isLeft = !item.contains(relatedTarget) && document.hasFocus();
      const isReady = !item.isRefused && item.querySelector("[data-alt]").value.trim();
      if (isLeft && isReady && item.isConnected) item.upload();
    });
    this.list.append(item);
    return item;
  }

  /** Replace a picture of the list by an editor of its description and its focal point. */
  async #edit(item) {
    const url = address(`pictures/${item.dataset.picture}/`);
    try {
      const { status, data } = await get(url);
      if (status === 200) this.#open(item, url, data);
      else this.desk.toasts.warn(reasons(data.errors).join(" "));
    } catch (error) {
      this.desk.failed(error);
    }
  }

  #open(item, url, picture) {
    const send = async (data) => {
      data.set("seen", picture.seen);
      return save(url, data);
    };
    const editor = this.#editor(picture.url, send, picture.focal_row * 5 + picture.focal_column);
    // The update keeps its picture while the editor is open.
    editor.append(item.querySelector("[name=picture]").cloneNode());
    for (const name of ["alt", "credit", "caption"]) editor.querySelector(`[data-${name}]`).value = picture[name];
    editor.querySelector("[data-sensitive]").checked = picture.is_sensitive;
    editor.querySelector("[data-picture-saved]").hidden = false;
    editor.querySelector("[data-picture-save]").addEventListener("click", async () => {
      if (await editor.upload())
        this.list.querySelector(`[data-picture="${item.dataset.picture}"] [data-picture-edit]`)?.focus();
    });
    editor.querySelector("[data-picture-cancel]").addEventListener("click", () => {
      editor.replaceWith(item);
      item.querySelector("[data-picture-edit]").focus();
    });
    item.replaceWith(editor);
    editor.querySelector("[data-alt]").focus();
  }

  /** Return an editor. `send(data, progress)` sends what it says and resolves to the markup of the picture. */
  #editor(source, send, focus = 12) {
    const item = document.querySelector("[data-picture-template]").content.firstElementChild.cloneNode(true);
    for (const image of item.querySelectorAll("[data-local], [data-crop]")) image.src = source;
    const name = `focal-${Math.random().toString(36).slice(2)}`;
    const focal = item.querySelector("[data-focal]");
    for (let cell = 0; cell < 25; cell += 1) focal.append(cellOf(name, cell, cell === focus));
    focal.addEventListener("keydown", stepped);
    focal.addEventListener("change", () => crop(item));
    crop(item);
    item.upload = () => {
      item.uploading ??= this.#upload(item, send);
      return item.uploading;
    };
    // Enter in these fields ends the description and must not reach the composer's form.
    item.addEventListener("keydown", (event) => {
      if (
        event.key === "Enter" &&
        !event.isComposing &&
        event.target.type === "text" &&
        !event.ctrlKey &&
        !event.metaKey
      ) {
        event.preventDefault();
        item.upload().then((isDone) => isDone && this.desk.composer.editor?.commands.focus());
      }
    });
    item.addEventListener("input", (event) => {
      event.stopPropagation();
      item.isRefused = false;
    });
    return item;
  }

  /** Upload all pictures that wait. Return false, with a message beside each of them, if one cannot be. */
  async settle() {
    const waiting = [...this.list.querySelectorAll(".picture-pending")];
    const results = await Promise.all(waiting.map((item) => item.upload()));
    return results.every(Boolean);
  }

  /** Return whether the picture is now on the server. */
  async #upload(item, send) {
    const isDone = await this.#tryUpload(item, send);
    item.uploading = null;
    return isDone;
  }

  async #tryUpload(item, send) {
    const alt = item.querySelector("[data-alt]");
    item.querySelector("[data-picture-error]").hidden = true;
    alt.removeAttribute("aria-invalid");
    if (!alt.value.trim()) {
      this.#refuse(item, gettext("Say what the picture shows, for readers who do not see it."));
      alt.setAttribute("aria-invalid", "true");
      alt.focus();
      return false;
    }
    const cell = Number(item.querySelector("[data-focal] input:checked").value);
    const data = new FormData();
    data.set("alt", alt.value);
    data.set("credit", item.querySelector("[data-credit]").value);
    data.set("caption", item.querySelector("[data-caption]").value);
    data.set("focal_column", cell % 5);
    data.set("focal_row", Math.floor(cell / 5));
    if (item.querySelector("[data-sensitive]").checked) data.set("is_sensitive", "on");
    try {
      const html = await send(data, item.querySelector("[data-progress]"));
      const template = document.createElement("template");
      template.innerHTML = html.trim();
      const fresh = template.content.firstElementChild;
      fresh.querySelector("[data-picture-remove]").hidden = false;
      item.replaceWith(fresh);
      item.uploaded?.();
      this.#changed();
      return true;
    } catch (error) {
      if (error instanceof SignedOut) this.desk.failed(error);
      this.#refuse(item, error.message);
      return false;
    }
  }

  /** Upload with XMLHttpRequest, because fetch does not report upload progress. */
  async #send(data, progress) {
    const token = await freshToken();
    progress.hidden = false;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", address("pictures/"));
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", token);
      request.responseType = "json";
      let timer;
      const expectWithin = (milliseconds) => {
        clearTimeout(timer);
        timer = setTimeout(() => request.abort(), milliseconds);
      };
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        progress.value = (100 * loaded) / total;
        expectWithin(loaded < total ? STALLED_AFTER : DECODED_WITHIN);
      });
      request.addEventListener("error", () => reject(new Error(gettext("The connection was lost. Add it again."))));
      request.addEventListener("abort", () => reject(new Error(gettext("The newsroom did not answer. Add it again."))));
      request.addEventListener("loadend", () => clearTimeout(timer));
      request.addEventListener("load", () => {
        if (request.status === 200) resolve(request.response.html);
        else if (request.status === 401) reject(new SignedOut("signed out"));
        else reject(new Error(reasons(request.response?.errors).join(" ") || gettext("The picture was not taken.")));
      });
      expectWithin(STALLED_AFTER);
      request.send(data);
    });
  }

  #refuse(item, reason) {
    // Until it is changed, only sending the update tries again.
    item.isRefused = true;
    const message = item.querySelector("[data-picture-error]");
    message.hidden = false;
    message.textContent = reason;
    item.querySelector("[data-progress]").hidden = true;
  }

  #changed() {
    this.form.dispatchEvent(new Event("input"));
  }
}

/** Post the description of a picture; return its new markup. Throw an Error with the reason for the editor. */
async function save(url, data) {
  let answer;
  try {
    answer = await post(url, data);
  } catch (error) {
    if (error instanceof SignedOut) throw error;
    throw new Error(gettext("The newsroom cannot be reached. Nothing was changed."), { cause: error });
  }
  if (answer.status === 200) return answer.data.html;
  throw new Error(reasons(answer.data.errors).join(" "));
}

function cellOf(name, cell, isChecked) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name, value: String(cell), checked: isChecked });
  input.setAttribute(
    "aria-label",
    interpolate(gettext("column %s of 5, row %s of 5"), [(cell % 5) + 1, Math.floor(cell / 5) + 1]),
  );
  // This field belongs to the picture, not to the composer.
  input.setAttribute("form", "none");
  label.append(input, document.createElement("span"));
  return label;
}

/** Crop the previews around the chosen focal point, as the readers' pages do. */
function crop(item) {
  const cell = Number(item.querySelector("[data-focal] input:checked").value);
  const crops = item.querySelector("[data-crops]");
  crops.dataset.column = cell % 5;
  crops.dataset.row = Math.floor(cell / 5);
}

/** Move through the grid with the arrow keys, up and down by a row, and not beyond its edges. */
function stepped(event) {
  const cells = [...event.currentTarget.querySelectorAll("input")];
  const at = cells.indexOf(event.target);
  const [column, row] = [at % 5, Math.floor(at / 5)];
  const to = {
    ArrowLeft: [column - 1, row],
    ArrowRight: [column + 1, row],
    ArrowUp: [column, row - 1],
    ArrowDown: [column, row + 1],
  }[event.key];
  if (!to) return;
  event.preventDefault();
  if (Math.min(...to) < 0 || Math.max(...to) > 4) return;
  const cell = cells[to[1] * 5 + to[0]];
  cell.checked = true;
  cell.dispatchEvent(new Event("change", { bubbles: true }));
  cell.focus();
}
