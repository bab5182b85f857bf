// Entry point of public pages: live updates, relative times, sharing. Pages are readable without it.

import { askTime, isTimeSettled, now } from "./clock.js";
import "./embeds.js";
import { Following } from "./follow.js";
import { ago } from "./lib/ago.mjs";
import { OpenPage } from "./open_page.js";
import { OpenUpdate } from "./open_update.js";

const MINUTE = 60_000;
// Pages that poll get the time from their first poll.
const ASK_TIME_AFTER = 1_000;

function showRelativeTimes() {
  if (!isTimeSettled()) return;
  for (const row of document.querySelectorAll(".update-time")) {
    const time = row.querySelector("time[datetime*=T]");
    const text = time ? ago(Date.parse(time.dateTime), now(), document.documentElement.lang) : "";
    const old = row.querySelector(".ago");
    if (!text) old?.remove();
    else if (old?.textContent !== text) (old ?? addLabel(row)).textContent = text;
  }
}

/** Append the label to the end of its row, so that nothing else moves. */
function addLabel(row) {
  const label = document.createElement("span");
  label.className = "ago";
  row.append(label);
  return label;
}

async function share(link) {
  const { url, title, copied } = link.dataset;
  if (navigator.share) {
    try {
      return void (await navigator.share({ url, title }));
    } catch (error) {
      // The reader closed the share sheet.
      if (error.name === "AbortError") return;
    }
  }
  await navigator.clipboard.writeText(url);
  link.dataset.label ??= link.textContent;
  const { label } = link.dataset;
  link.textContent = copied;
  setTimeout(() => {
    link.textContent = label;
  }, 2_000);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-share]");
  if (!link || !(navigator.share || navigator.clipboard)) return;
  event.preventDefault();
  share(link).catch(() => {
    if (link.protocol === "mailto:") location.href = link.href;
  });
});

for (const line of document.querySelectorAll("[data-count-of]")) {
  const field = document.getElementById(line.dataset.countOf);
  const count = () => {
    // Like the form, count a character outside the BMP once, though `maxlength` counts it twice.
    const left = field.maxLength - [...field.value].length;
    line.hidden = left > 100;
    line.textContent = line.dataset.left.replace("{left}", () => left);
  };
  field.addEventListener("input", count);
  count();
}

// Derive the live blog from the page's own address, never from its markup.
const ADDRESS = /^(\/zh-han[st])?\/(live|embed)\/([-\w]+)\/(?:\d+\/)?$/;
const [, edition, kind, slug] = ADDRESS.exec(location.pathname) ?? [];
const root = slug && document.querySelector("[data-status]");
if (root) {
  const page = root.dataset.update ? new OpenUpdate(root) : new OpenPage(root);
  new Following(page, `${edition ?? ""}/live/${slug}/`, { isEmbed: kind === "embed" });
  new MutationObserver(showRelativeTimes).observe(root, { childList: true, subtree: true });
}

addEventListener("time-settled", showRelativeTimes);
setTimeout(askTime, ASK_TIME_AFTER);
setInterval(showRelativeTimes, MINUTE);
