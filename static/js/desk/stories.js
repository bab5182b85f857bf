// Related stories in the composer: search our own live blogs, or enter an address.

import { address, get, SignedOut, Unreachable } from "./send.js";

const LEAST = 3;
const WAIT = 200;

export class Stories {
  constructor(desk, form) {
    this.desk = desk;
    this.form = form;
    this.list = form.querySelector("[data-story-list]");
    this.search = form.querySelector("[data-story-search]");
    this.input = this.search.querySelector("input");
    this.listbox = this.search.querySelector("[role=listbox]");
    this.search.hidden = false;
    this.input.addEventListener("input", (event) => {
      event.stopPropagation();
      this.#later();
    });
    this.input.addEventListener("change", (event) => event.stopPropagation());
    this.input.addEventListener("keydown", (event) => this.#pressed(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
    this.listbox.addEventListener("mousedown", (event) => event.preventDefault());
    this.listbox.addEventListener("click", (event) => this.#choose(event.target.closest("[role=option]")));
    this.list.addEventListener("click", (event) => {
      if (!event.target.matches("[data-story-remove]")) return;
      event.target.closest("li").remove();
      this.form.dispatchEvent(new Event("input"));
    });
    form.addEventListener("composer:cleared", () => this.list.replaceChildren());
    this.#tidy();
  }

  /** Remove the empty row, which is for pages without JavaScript. */
  #tidy() {
    for (const row of this.list.querySelectorAll("[data-story-row]")) {
      if (row.querySelector("[name=story_title]").value) row.querySelector("[data-story-remove]").hidden = false;
      else row.remove();
    }
  }

  add({ title = "", url = "", blog = "", after = "" }) {
    const row = document.querySelector("[data-story-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[name=story_title]").value = title;
    row.querySelector("[name=story_blog]").value = blog;
    row.querySelector("[name=story_after]").value = after;
    const link = row.querySelector("[name=story_url]");
    link.value = url;
    if (blog) Object.assign(link, { readOnly: true, placeholder: blog });
    row.querySelector("[data-story-remove]").hidden = false;
    this.list.append(row);
    return row;
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#find(), WAIT);
  }

  async #find() {
    const query = this.input.value.trim();
    if (isAddress(query)) return void this.#show([{ title: interpolate(gettext("Link %s"), [query]), url: query }]);
    if ([...query].length < LEAST) return void this.#close();
    try {
      const { data } = await get(`${address("stories/")}?q=${encodeURIComponent(query)}`);
      if (this.input.value.trim() === query) this.#show(data.stories ?? []);
    } catch (error) {
      if (!(error instanceof SignedOut || error instanceof Unreachable)) throw error;
      if (this.input.value.trim() === query) this.desk.failed(error);
    }
  }

  #show(stories) {
    this.listbox.replaceChildren(
      ...stories.map((story, index) => {
        const option = document.createElement("li");
        option.id = `story-option-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", String(index === 0));
        option.textContent = story.status ? `${story.title} (${story.status})` : story.title;
        option.story = story;
        return option;
      }),
    );
    this.listbox.hidden = !stories.length;
    this.input.setAttribute("aria-expanded", String(Boolean(stories.length)));
    this.#point();
  }

  #close() {
    this.listbox.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #point() {
    const chosen = this.listbox.querySelector("[aria-selected=true]");
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const options = [...this.listbox.children];
    const index = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (["ArrowDown", "ArrowUp"].includes(event.key) && options.length) {
      event.preventDefault();
      const next = (index + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
      for (const [i, option] of options.entries()) option.setAttribute("aria-selected", String(i === next));
      this.#point();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !this.listbox.hidden) {
      event.preventDefault();
      this.#choose(options[index]);
    } else if (event.key === "Escape" && !this.listbox.hidden) {
      event.stopPropagation();
      this.#close();
    }
  }

  #choose(option) {
    if (!option) return;
    const { title, url = "", slug: blog = "" } = option.story;
    const row = this.add({ title: url ? "" : title, url, blog });
    this.input.value = "";
    this.#close();
    // Stories given by address still need a title.
    (url ? row.querySelector("[name=story_title]") : this.input).focus();
    this.form.dispatchEvent(new Event("input"));
  }
}

function isAddress(text) {
  return /^https?:\/\/\S+\.\S+/.test(text);
}
