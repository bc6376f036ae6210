// The web chat: ties the text box, the unsent messages, the live events and the view together.

import { openSession, readHistory, Refused, sendFiles, Stream } from "./net.js";
import { newId, Outbox } from "./outbox.js";
import { keep, recall } from "./store.js";
import { hideExamples, isLast, showMessage, showNotice, showTyping } from "./view.js";

const OFFLINE = "Mất kết nối. Anh/chị cứ viết tiếp, có mạng lại tôi tự gửi.";
const LONGEST_WAIT = 20000; // ms; then the local "typing" gives up, the server's own may still come
const DRAFT = "tiepdan.draft";

const form = document.getElementById("composer");
const box = document.getElementById("text");
const picker = document.getElementById("files");
let lastSeq = 0;
let typingTimer = 0;
let connected = true;

// A new session is a new conversation, counted from 1 again: only a fresh page shows it rightly.
const outbox = new Outbox(onSendState, () => lastSeq && location.reload());
const stream = new Stream(() => lastSeq, { onMessage: receive, onTyping: typing, onState });

function receive(message) {
  if (message.seq <= lastSeq) return;
  lastSeq = message.seq;
  hideExamples();
  if (message.from === "citizen") outbox.forget(message.id);
  else typing(false);
  showMessage(message, choose);
}

function say(content) {
  const message = { id: newId(), from: "citizen", at: new Date().toISOString(), ...content };
  hideExamples();
  showMessage({ ...message, text: message.title ?? message.text, state: "sending" });
  typing(true);
  outbox.add(message);
}

/** Files with whatever stands in the box. They are not sent again by themselves: the citizen still has them. */
async function sayFiles(files) {
  const message = { id: newId(), from: "citizen", at: new Date().toISOString(), text: box.value.trim(), files: files.length };
  hideExamples();
  showMessage({ ...message, state: "sending" });
  typing(true);
  try {
    await sendFiles(message.id, files, message.text);
    if (message.text) write("");
    onSendState({ ...message, state: "sent" });
  } catch (trouble) {
    typing(false);
    const error = trouble instanceof Refused ? trouble.message : "Mất kết nối. Anh/chị chọn tệp gửi lại giúp.";
    showMessage({ ...message, state: "failed", error });
  }
}

const choose = (choice) => say({ choice: choice.code, title: choice.title });

function onSendState(message) {
  showMessage({ ...message, text: message.title ?? message.text });
  if (message.state === "sent") {
    showNotice("");
    typing(isLast(message.id)); // the answer may have overtaken this
    if (!stream.isOpen) stream.open();
  } else if (message.state === "waiting") {
    typing(false);
    showNotice(message.error || OFFLINE);
  } else if (message.state === "failed") {
    typing(false);
    if (message.text && !box.value) write(message.text);
  }
}

function onState(alive) {
  if (alive && !connected && outbox.unsent.length) outbox.flush();
  if (alive !== connected) showNotice(alive ? "" : OFFLINE);
  connected = alive;
}

function typing(on) {
  clearTimeout(typingTimer);
  showTyping(on);
  if (on) typingTimer = setTimeout(() => showTyping(false), LONGEST_WAIT);
}

function submit(event) {
  event?.preventDefault();
  const text = box.value.trim();
  if (!text) return box.focus();
  write("");
  say({ text });
  box.focus();
}

function onKey(event) {
  // While a Telex or VNI syllable is being composed, Enter belongs to the input method (229: older browsers).
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key === "Enter" && !event.shiftKey && !composing) submit(event);
}

/** The box grows with the text up to its CSS max-height, and the draft survives a reload. */
function fit() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
  keep(DRAFT, box.value);
}

function write(text) {
  box.value = text;
  fit();
}

function wake() {
  if (document.visibilityState === "hidden") return;
  outbox.flush();
  if (lastSeq && !stream.isOpen) stream.open();
}

async function start(attempt = 0) {
  try {
    await openSession();
    const history = await readHistory();
    showNotice("");
    history.messages.forEach(receive);
    outbox.unsent.forEach((message) => showMessage({ ...message, text: message.title ?? message.text, state: "waiting" }));
    if (lastSeq) stream.open();
    typing(Boolean(history.waiting));
    outbox.flush();
  } catch (trouble) {
    showNotice(trouble instanceof Refused ? trouble.message : OFFLINE);
    setTimeout(() => start(attempt + 1), Math.min(1000 * 2 ** attempt, 20000));
  }
}

form.addEventListener("submit", submit);
picker.addEventListener("change", () => {
  if (picker.files.length) sayFiles([...picker.files]);
  picker.value = "";
});
document.getElementById("attach").addEventListener("click", () => picker.click());
box.addEventListener("keydown", onKey);
box.addEventListener("input", fit);
for (const example of document.querySelectorAll("#examples button")) {
  example.addEventListener("click", () => say({ text: example.textContent }));
}
document.addEventListener("visibilitychange", wake);
window.addEventListener("online", wake);
window.addEventListener("offline", () => showNotice(OFFLINE));
write(recall(DRAFT, ""));
start();
