// What a page of ours asks of the rich text editor.
import { Extension } from "django-prose-editor/editor";

export const Page = Extension.create({
  name: "page",
  onBeforeCreate() {
    const { options } = this.editor;
    // Tiptap puts a <style> into the page; the policy lets it pass with the nonce of the page's scripts.
    options.injectNonce = document.querySelector("script[nonce]").nonce;
    const [label] = options.element.querySelector("textarea").labels;
    options.editorProps = { attributes: { "aria-label": label?.textContent.trim() ?? "" } };
  },
});
