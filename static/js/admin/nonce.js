// Tiptap puts a <style> into the page. The policy lets it pass when it carries the nonce of this page's scripts.
import { Extension } from "django-prose-editor/editor";

export const Nonce = Extension.create({
  name: "nonce",
  onBeforeCreate() {
    this.editor.options.injectNonce = document.querySelector("script[nonce]").nonce;
  },
});
