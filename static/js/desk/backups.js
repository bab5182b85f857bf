// What could not be kept on the server yet, kept in the browser until it can.

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
    // A browser that keeps nothing must not keep an editor from writing: the server has it a second later.
    try {
      localStorage.setItem(this.prefix + token, JSON.stringify(fields));
    } catch {
      /* storage is full or off */
    }
  }

  forget(token) {
    try {
      localStorage.removeItem(this.prefix + token);
    } catch {
      /* storage is off */
    }
  }

  /** Tokens of what is kept here. */
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

  /** Give one to the server, as a working copy; whether it took it. */
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
