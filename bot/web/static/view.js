// What the page shows. Keeps no state but the DOM: messages are found again by their id.

import { inFours, renderText, sayDay, sayTime } from "./text.js";

const $ = (id) => document.getElementById(id);
const scroller = $("scroller");
const log = $("log");

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(label, onPress) {
  const node = make("button", "", label);
  node.type = "button";
  node.addEventListener("click", onPress);
  return node;
}

/**
 * Shows a message, or updates it when its id is on the page already (an own message coming back from the server).
 * `message` is an entry of the history, or an own one with `state` "sending" or "failed" (then with `error`).
 */
export function showMessage(message, onChoice) {
  const known = log.querySelector(`[data-id="${CSS.escape(message.id)}"]`);
  if (known) return settle(known, message);
  const at = new Date(message.at);
  separateDays(at);
  const from = ["citizen", "bot", "staff"].includes(message.from) ? message.from : "system";
  const item = make("div", `turn ${from}`);
  item.dataset.id = message.id;
  item.append(bubbleOf(message, from), metaOf(message, at));
  const offers = message.choices?.length > 0;
  if (offers || from === "citizen" || from === "bot") dropChoices(); // what staff say leaves the bot's question open
  if (offers) item.append(choicesOf(message.choices, onChoice));
  log.append(item);
  settle(item, message);
  reveal(item);
}

function bubbleOf(message, from) {
  const bubble = make("div", "bubble");
  if (from === "staff") {
    bubble.append(make("p", "who", "Cán bộ trả lời" + (message.staff_name ? `: ${message.staff_name}` : "")));
  } else {
    bubble.append(make("span", "sr", { citizen: "Anh/chị: ", bot: "Tiếp Dân: ", system: "Thông báo: " }[from]));
  }
  if (message.files) bubble.append(make("p", "files", `Đã gửi ${message.files} tệp`));
  if (message.text) bubble.append(renderText(message.text));
  if (from !== "citizen" && message.custom?.ticket?.receipt) bubble.append(ticketCard(message.custom.ticket));
  return bubble;
}

function metaOf(message, at) {
  const meta = make("p", "meta");
  const time = make("time", "", sayTime(at));
  time.dateTime = message.at;
  meta.append(time, make("span", "state"));
  return meta;
}

/** What became of an own message, in words under it. */
function settle(item, message) {
  const said = { sending: " · Đang gửi", waiting: " · Chưa gửi được, tôi sẽ tự gửi lại", failed: ` · Không gửi được. ${message.error}` };
  item.querySelector(".state").textContent = said[message.state] ?? "";
  item.classList.toggle("failed", message.state === "failed");
}

function ticketCard(ticket) {
  const card = make("div", "card");
  const receipt = inFours(ticket.receipt);
  const facts = make("dl");
  facts.append(make("dt", "", "Số phiếu"), make("dd", "", ticket.number), make("dt", "", "Mã biên nhận"), make("dd", "", receipt));
  const copy = button("Chép", async () => {
    const done = await copyText(`Số phiếu: ${ticket.number}\nMã biên nhận: ${receipt}`);
    copy.textContent = done ? "Đã chép" : "Không chép được, anh/chị ghi tay giúp";
  });
  copy.setAttribute("aria-live", "polite");
  card.append(facts, copy);
  return card;
}

/** navigator.clipboard exists only over https or on this machine; the old command covers the rest. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", "sr");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function choicesOf(choices, onChoice) {
  const group = make("div", "choices");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Chọn nhanh");
  for (const choice of choices) {
    group.append(button(choice.title, () => onChoice(choice)));
  }
  return group;
}

/** Answered buttons go. Whoever stood on one moves to the text box; on a touch screen that would open the keyboard. */
function dropChoices() {
  for (const group of log.querySelectorAll(".choices")) {
    if (group.contains(document.activeElement)) (matchMedia("(pointer: coarse)").matches ? scroller : $("text")).focus();
    group.remove();
  }
}

function separateDays(at) {
  const said = sayDay(at);
  const last = [...log.querySelectorAll(".day")].pop();
  if (last?.textContent === said) return;
  log.append(make("div", "day", said));
}

/** The end of the talk; but the beginning of a message that is taller than the screen. */
function reveal(item) {
  const tall = item.offsetHeight > scroller.clientHeight - 24;
  if (tall && !item.classList.contains("citizen")) scroller.scrollTop += item.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 12;
  else scroller.scrollTop = scroller.scrollHeight;
}

/** Whether nothing has been said after the message with this id. */
export const isLast = (id) => log.lastElementChild?.dataset.id === id;

export function hideExamples() {
  $("examples").hidden = true;
}

export function showTyping(on) {
  if ($("typing").hidden !== on) return;
  $("typing").hidden = !on;
  if (on) scroller.scrollTop = scroller.scrollHeight;
}

/** One sentence above the text box; an empty one takes it away. */
export function showNotice(sentence) {
  $("notice").hidden = !sentence;
  if ($("notice").textContent !== sentence) $("notice").textContent = sentence;
}
