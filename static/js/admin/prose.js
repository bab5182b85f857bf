// Our extension of the rich text editor.
import { Extension, gettext } from "django-prose-editor/editor";

import { tidied } from "./pasted.js";

// The buttons show the names of their icons; these labels describe them.
const NAMES = {
  format_list_bulleted: gettext("Bulleted list"),
  format_list_numbered: gettext("Numbered list"),
  format_quote: gettext("Quotation"),
  horizontal_rule: gettext("Line across"),
  format_bold: gettext("Bold"),
  format_italic: gettext("Italic"),
  format_underline: gettext("Underlined"),
  format_strikethrough: gettext("Struck through"),
  subscript: gettext("Subscript"),
  superscript: gettext("Superscript"),
  code: gettext("Code"),
  insert_link: gettext("Link"),
  link_off: gettext("Remove the link"),
  grid_on: gettext("Table"),
  undo: gettext("Undo"),
  redo: gettext("Redo"),
};

export const Page = Extension.create({
  name: "page",
  onBeforeCreate() {
    const { options } = this.editor;
    // Tiptap would insert a <style> element, which the CSP blocks; css/admin.css contains it instead.
    options.injectCSS = false;
    const [label] = options.element.querySelector("textarea").labels;
    options.editorProps = {
      attributes: { "aria-label": label?.textContent.trim() ?? "" },
      transformPastedHTML: tidied,
    };
  },
  onCreate() {
    for (const button of this.editor.options.element.querySelectorAll(".prose-menubar__button")) {
      const name = NAMES[button.textContent.trim()];
      if (!name) continue;
      button.title = name;
      button.setAttribute("aria-label", name);
    }
  },
});
