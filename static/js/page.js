// What a page does once it is open: follow its log, say how long ago, share. Everything reads without it.

import "./embeds.js";
import { Following } from "./follow.js";
import { ago } from "./lib/ago.mjs";
import { OpenPage } from "./open_page.js";

const MINUTE = 60_000;

function showRelativeTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll(".update-time time[datetime*=T]")) {
    const text = ago(Date.parse(time.dateTime), now, document.documentElement.lang);
    let label = time.parentElement.nextElementSibling;
    if (!label?.classList.contains("ago")) {
      if (!text) continue;
      label = document.createElement("span");
      label.className = "ago";
      time.parentElement.after(label);
    }
    if (label.textContent !== text) label.textContent = text;
  }
}

async function share(link) {
  const { url, title, copied } = link.dataset;
  if (navigator.share) {
    try {
      return void (await navigator.share({ url, title }));
    } catch (error) {
      // The reader closing the sheet is no failure.
      if (error.name === "AbortError") return;
    }
  }
  await navigator.clipboard.writeText(url);
  const label = (link.dataset.label ??= link.textContent);
  link.textContent = copied;
  setTimeout(() => { link.textContent = label; }, 2_000);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-share]");
  if (!link || !(navigator.share || navigator.clipboard)) return;
  event.preventDefault();
  share(link).catch(() => { if (link.protocol === "mailto:") location.href = link.href; });
});

// By the page's own address: whatever its markup says, it follows the live blog that it is a page of.
const [, edition, kind, slug] = /^(\/zh-han[st])?\/(live|embed)\/([-\w]+)\/$/.exec(location.pathname) ?? [];
const coverage = slug && document.querySelector(".coverage");
if (coverage) {
  new Following(new OpenPage(coverage), `${edition ?? ""}/live/${slug}/`, { isEmbed: kind === "embed" });
  new MutationObserver(showRelativeTimes).observe(coverage.querySelector("#updates"), { childList: true, subtree: true });
}

showRelativeTimes();
setInterval(showRelativeTimes, MINUTE);
