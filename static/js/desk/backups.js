// Backups in the browser of text that has not been saved on the server yet.

import { backups, onEnd } from "../admin/session.js";
import { address, post } from "./send.js";

export class Backups {
  constructor() {
    this.prefix = `${backups}${address()}:`;
    onEnd(() => {
      this.isOver = true;
    });
  }

  keep(token, data) {
    if (this.isOver) return;
    const fields = [...data.entries()].filter(
      ([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken" && name !== "action",
    );
    // Go on without storage: autosave sends the text to the server a second later.
    try {
      localStorage.setItem(this.prefix + token, JSON.stringify(fields));
    } catch {
      /* storage is full or disabled */
    }
  }

  forget(token) {
    try {
      localStorage.removeItem(this.prefix + token);
    } catch {
      /* storage is disabled */
    }
  }

  /** Return the tokens of all backups. */
  tokens() {
    try {
      return Object.keys(localStorage)
        .filter((key) => key.startsWith(this.prefix))
        .map((key) => key.slice(this.prefix.length));
    } catch {
      return [];
    }
  }

  fields(token) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + token));
    } catch {
      return null;
    }
  }

  /** Save a backup on the server as a working copy; return whether that succeeded. */
  async handOver(token) {
    const fields = this.fields(token);
    if (!fields) return true;
    const data = new FormData();
    for (const [name, value] of fields) data.append(name, value);
    try {
      const { status } = await post(address("autosave/"), data);
      if (status === 200) this.forget(token);
      return status === 200;
    } catch {
      return false;
    }
  }
}
