// External media: load a video or post from its site only when the reader asks for it.

// Frame only these origins, whatever a button's data says (see newsroom/text/external_media.py and the CSP).
const ORIGINS = ["https://www.youtube-nocookie.com", "https://player.vimeo.com", "https://platform.twitter.com"];
// Let the media play and open its own page, but not reach ours.
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
  // Some players require the embedding site's origin; none of them gets the page's address.
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.setAttribute("sandbox", SANDBOX);
  frame.src = embed;
  button.parentElement.replaceWith(frame);
  frame.focus({ preventScroll: true });
});
