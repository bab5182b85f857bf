// The form for a new live blog: proposes the address while kicker and headline are typed, until it is edited.

const AFTER = 300;
// Fixed, so that markup cannot redirect the request elsewhere.
const SLUG = "/admin/start/slug/";

const form = document.querySelector("[data-start]");
if (form) {
  const { kicker, headline, slug } = form.elements;
  let isOwn = Boolean(slug.value);
  let timer;
  let latest = 0;

  slug.addEventListener("input", () => {
    isOwn = Boolean(slug.value);
  });
  for (const field of [kicker, headline]) {
    field.addEventListener("input", () => {
      clearTimeout(timer);
      if (!isOwn) timer = setTimeout(propose, AFTER);
    });
  }

  async function propose() {
    latest += 1;
    const number = latest;
    const query = new URLSearchParams({ kicker: kicker.value, headline: headline.value });
    try {
      const response = await fetch(`${SLUG}?${query}`, { signal: AbortSignal.timeout(10_000) });
      if (!response.ok) return;
      const proposal = (await response.json()).slug;
      if (number === latest && !isOwn) slug.value = proposal;
    } catch {
      /* The server proposes it when the form is sent. */
    }
  }
}
