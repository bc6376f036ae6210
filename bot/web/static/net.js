// The HTTP contract of the chat, and nothing else.

const PATIENCE = 15000; // ms; a mobile network that is slower than this is treated as lost
const FILES_PATIENCE = 120000; // ms; ten photos over a village's mobile network

/** The server refused and said why, in a sentence for the citizen. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }

  /** Whether the same message may be accepted later. */
  get passing() {
    return this.status === 403 || this.status === 429 || this.status >= 500;
  }
}

async function call(path, body) {
  const form = body instanceof FormData;
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), form ? FILES_PATIENCE : PATIENCE);
  try {
    const response = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: body && !form ? { "Content-Type": "application/json" } : {},
      body: form ? body : body && JSON.stringify(body),
      credentials: "same-origin",
      signal: control.signal,
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(response.status, answer.error || "Hệ thống đang bận. Anh/chị thử lại sau ít phút.");
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

export const openSession = () => call("/chat/session", {});
export const readHistory = () => call("/chat/history");
export const sendMessage = (message) => call("/chat/messages", message);

/** Files go at once and are not kept in the browser: whoever shares the telephone must not find them there. */
export function sendFiles(id, files, text) {
  const form = new FormData();
  form.append("id", id);
  form.append("text", text);
  for (const file of files) form.append("files", file, file.name);
  return call("/chat/files", form);
}

/**
 * Live events with our own reconnection: EventSource gives up after an HTTP error, and a phone that slept
 * may hold a dead connection for minutes. `after()` gives the last seq that is on the page.
 */
export class Stream {
  static SILENCE = 35000; // ms; the server says something every 10 s once there is a conversation
  #source = null;
  #timer = 0;
  #heard = 0;
  #tries = 0;

  constructor(after, { onMessage, onTyping, onState }) {
    Object.assign(this, { after, onMessage, onTyping, onState });
    setInterval(() => this.#source && Date.now() - this.#heard > Stream.SILENCE && this.open(), 5000);
  }

  /** Connect, or connect afresh. */
  open() {
    this.#close();
    this.#heard = Date.now();
    const source = (this.#source = new EventSource(`/chat/events?after=${this.after()}`));
    source.addEventListener("open", () => this.#alive());
    source.addEventListener("message", (event) => this.#alive() || this.onMessage(JSON.parse(event.data)));
    source.addEventListener("typing", (event) => this.#alive() || this.onTyping(JSON.parse(event.data).typing));
    source.addEventListener("error", () => this.#lost());
  }

  get isOpen() {
    return this.#source?.readyState === EventSource.OPEN;
  }

  #alive() {
    this.#heard = Date.now();
    this.#tries = 0;
    this.onState(true);
  }

  #lost() {
    this.#close();
    this.#tries += 1;
    this.onState(false);
    this.#timer = setTimeout(() => this.open(), Math.min(1000 * 2 ** (this.#tries - 1), 20000));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
