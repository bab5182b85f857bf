// Embeds live blogs and updates in other sites. The page has a link and loads this script from the newsroom:
// <blockquote class="newsroom-embed"><a href="…/live/SLUG/">…</a></blockquote>
// The link stays until the frame has reported its height; a frame that is not allowed is removed.
(() => {
  const { origin } = new URL(document.currentScript.src);
  const ANSWERED_WITHIN = 15_000;
  const name = `newsroom-embed ${origin}`;
  // Each embed may load the script again; the first instance serves them all.
  if (window[name]) return window[name]();
  const links = new Map();

  window[name] = () => {
    for (const quote of document.querySelectorAll("blockquote.newsroom-embed")) {
      const link = quote.querySelector("a[href]");
      const match = link?.origin === origin && /^(\/zh-han[st])?\/live\/([-\w]+\/(?:\d+\/)?)$/.exec(link.pathname);
      if (!match || [...links.values()].includes(quote)) continue;
      const frame = document.createElement("iframe");
      frame.src = `${origin}${match[1] ?? ""}/embed/${match[2]}`;
      frame.title = link.textContent.trim();
      frame.width = "100%";
      frame.height = 1;
      frame.loading = "lazy";
      frame.style.cssText = "display:block;border:0";
      // A browser that refuses to show the frame still says that it has loaded: with an error that says nothing.
      frame.addEventListener("load", () => setTimeout(() => quote.isConnected && frame.remove(), ANSWERED_WITHIN));
      quote.after(frame);
      links.set(frame, quote);
    }
  };

  addEventListener("message", ({ data, origin: from, source }) => {
    if (from !== origin || data?.type !== "newsroom-embed" || !(data.height > 0)) return;
    for (const [frame, quote] of links) {
      if (frame.contentWindow !== source) continue;
      frame.height = Math.min(Math.max(data.height, 120), 720);
      quote.remove();
    }
  });

  window[name]();
  document.addEventListener("DOMContentLoaded", window[name]);
})();
