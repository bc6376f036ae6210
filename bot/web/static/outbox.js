// Messages that the server has not accepted yet. They go one after another, each with the id it was born with,
// so that sending again after a lost answer can never double it.

import { openSession, Refused, sendMessage } from "./net.js";
import { keep, recall } from "./store.js";

const KEY = "tiepdan.unsent";

/** A version 4 UUID. crypto.randomUUID exists only over https, and agencies start on plain http. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export class Outbox {
  #unsent = recall(KEY, []);
  #busy = false;
  #timer = 0;
  #tries = 0;

  /**
   * `onChange(message)` is told each new state: "sending", "waiting", "failed" (with `error`), "sent".
   * `onExpired()` is called when the browser lost its session cookie and has just been given a new one.
   */
  constructor(onChange, onExpired) {
    Object.assign(this, { onChange, onExpired });
  }

  get unsent() {
    return [...this.#unsent];
  }

  add(message) {
    this.#unsent.push(message);
    keep(KEY, this.#unsent);
    this.#tell("sending");
    this.flush();
  }

  /** The server is known to have it (it came back in the history). */
  forget(id) {
    this.#unsent = this.#unsent.filter((message) => message.id !== id);
    keep(KEY, this.#unsent);
  }

  /** Send all that waits, oldest first; on trouble wait longer each time and start again. */
  async flush() {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      while (this.#unsent.length) await this.#sendFirst();
      this.#tries = 0;
    } catch (trouble) {
      this.#tell("waiting", trouble instanceof Refused ? trouble.message : "");
      this.#timer = setTimeout(() => this.flush(), Math.min(1000 * 2 ** this.#tries++, 30000));
    } finally {
      this.#busy = false;
    }
  }

  async #sendFirst() {
    const first = this.#unsent[0];
    const { id, text, choice, title } = first;
    try {
      await sendMessage(choice ? { id, choice, title } : { id, text });
      this.onChange({ ...first, state: "sent" });
    } catch (trouble) {
      if (trouble.status === 403) await openSession().then(this.onExpired);
      if (!(trouble instanceof Refused) || trouble.passing) throw trouble;
      this.onChange({ ...first, state: "failed", error: trouble.message });
    }
    this.forget(id);
  }

  #tell(state, error = "") {
    for (const message of this.#unsent) this.onChange({ ...message, state, error });
  }
}
