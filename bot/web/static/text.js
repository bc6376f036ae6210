// From plain text to DOM nodes. Nothing here ever parses HTML: what a person wrote stays text.

const PORTAL = "dichvucong.gov.vn";
// One character before the address is captured, not looked behind: Safari before 16.4 knows no lookbehind.
const PORTAL_ADDRESS = String.raw`(?:https?:\/\/)?(?:[a-z0-9-]+\.)*dichvucong\.gov\.vn(?::\d+)?(?:[/?#][^\s<>"”]*)?`;
// Our own checklists, wherever this page was loaded from: the address in the text is the one citizens are told.
const CHECKLIST_ADDRESS = String.raw`https?:\/\/[^\s<>"”/]+\/giay-to\/[0-9.]+(?:\?[\w=&.-]*)?`;
const ADDRESS = new RegExp(`(^|[^\\w.@/-])(${CHECKLIST_ADDRESS}|${PORTAL_ADDRESS})`, "gi");

/** A block per line, so that numbered lists hang and the source line stands apart. */
export function renderText(text) {
  const fragment = document.createDocumentFragment();
  for (const line of text.split("\n")) {
    const block = document.createElement("div");
    block.className = "line" + kindOf(line);
    block.append(...withLinks(line));
    fragment.append(block);
  }
  return fragment;
}

function kindOf(line) {
  if (/^\s*(\d{1,2}\.|[-•])\s/.test(line)) return " item";
  if (/^Nguồn:/.test(line)) return " source";
  return "";
}

/** Text and links; only our own checklists and the national portal (over https alone) become links. */
function withLinks(line) {
  const nodes = [];
  let end = 0;
  for (const match of line.matchAll(ADDRESS)) {
    const start = match.index + match[1].length;
    const shown = match[2].replace(/[.,;:!?)\]…]+$/, "");
    const link = ownLink(shown) ?? portalLink(shown, line.slice(start + shown.length));
    if (!link) continue;
    nodes.push(line.slice(end, start), link);
    end = start + shown.length;
  }
  nodes.push(line.slice(end));
  return nodes;
}

/** A link to a checklist on this very site, or null: an address of ours on another host is only words. */
function ownLink(shown) {
  if (!/\/giay-to\//.test(shown)) return null;
  const url = new URL(shown);
  return url.origin === location.origin ? linkTo(url, "Mở danh sách để in hoặc lưu") : null;
}

/** A link, or null when the words only look like the portal's address ("dichvucong.gov.vn-example.com"). */
function portalLink(shown, rest) {
  if (/^\.?[\w@-]/.test(rest)) return null;
  let url;
  try {
    url = new URL(shown.replace(/^(https?:\/\/)?/i, "https://"));
  } catch {
    return null;
  }
  if (url.hostname !== PORTAL && !url.hostname.endsWith("." + PORTAL)) return null;
  return linkTo(url, shown);
}

function linkTo(url, words) {
  const link = document.createElement("a");
  link.href = url.href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = words;
  return link;
}

const clock = new Intl.DateTimeFormat("vi-VN", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("vi-VN", { timeZone: "Asia/Ho_Chi_Minh", weekday: "long", day: "2-digit", month: "2-digit", year: "numeric" });

/** "09:05", in Vietnam's time wherever the reader is. */
export const sayTime = (moment) => clock.format(moment);

/** "Hôm nay" or "Thứ Ba, 24/11/2026". */
export function sayDay(moment) {
  const said = day.format(moment);
  return said === day.format(new Date()) ? "Hôm nay" : said.charAt(0).toUpperCase() + said.slice(1);
}

/** A receipt in groups of four, as people read numbers aloud. */
export const inFours = (digits) => digits.replace(/\D/g, "").replace(/(\d{4})(?=\d)/g, "$1 ");
