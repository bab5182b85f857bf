// What other sites show, fetched from them only once a reader asks for it; until then it is a link.

// Whatever a button says, only these are framed (newsroom/text/external_media.py, and the policy of our pages).
const ORIGINS = ["https://www.youtube-nocookie.com", "https://player.vimeo.com", "https://platform.twitter.com"];
// They play, open their own page, and reach nothing of ours.
const SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-presentation";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-embed]");
  if (!button) return;
  const { embed, shape, title } = button.dataset;
  if (!ORIGINS.includes(new URL(embed, location).origin)) return;
  const frame = document.createElement("iframe");
  frame.className = `embed-frame embed-${shape}`;
  frame.title = title;
  frame.loading = "lazy";
  frame.allowFullscreen = true;
  // Some play only for who says which site shows them; none learns which page.
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.setAttribute("sandbox", SANDBOX);
  frame.src = embed;
  button.parentElement.replaceWith(frame);
  frame.focus({ preventScroll: true });
});
