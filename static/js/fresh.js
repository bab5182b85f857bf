// Fetching the page again, for state that is not part of a delta.

const ANSWERED_WITHIN = 10_000;
const AGAIN = 1_000;
const LONGEST_WAIT = 30_000;

// The page's metadata for crawlers and other sites.
const OWN = [
  "meta[property]",
  'meta[name="description"]',
  'meta[name="robots"]',
  'meta[name^="twitter:"]',
  'link[rel="canonical"]',
  'link[rel="alternate"][type]',
];
const ADDRESSES = [
  ['link[rel="canonical"]', "href"],
  ['meta[property="og:url"]', "content"],
];
export const LINKED_DATA = 'script[type="application/ld+json"]';

/**
 * Return the page at this address as a document that includes change `number`, or null if the page is gone.
 * Retry while caches serve an older state, which takes some seconds.
 */
export const fetchPage = async (number) => {
  for (let wait = AGAIN; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const page = await request();
    if (page === null || Number(rootOf(page)?.dataset.number) >= number) return page;
    await new Promise((resolve) => {
      setTimeout(resolve, wait * (0.5 + Math.random() / 2));
    });
  }
};

/** Return the element of a page that carries the live blog's state in its data attributes. */
export function rootOf(page) {
  return page.querySelector("[data-status]");
}

async function request() {
  try {
    const address = location.pathname + location.search;
    const signal = AbortSignal.timeout(ANSWERED_WITHIN);
    const response = await fetch(address, { cache: "no-cache", credentials: "omit", signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // The page of a withdrawn update (410) still follows its live blog; that of a withdrawn live blog does not.
    return [404, 410].includes(response.status) && !rootOf(page) ? null : page;
  } catch {
    return new Document();
  }
}

/** Replace the page's metadata with that of `fresh`, except for the page's own address. */
export function replaceHead(fresh) {
  for (const [selector, attribute] of ADDRESSES) {
    const own = document.querySelector(selector);
    if (own) fresh.querySelector(selector)?.setAttribute(attribute, own.getAttribute(attribute));
  }
  replace(fresh, OWN);
}

export function replaceWholeHead(fresh) {
  replace(fresh, [...OWN, LINKED_DATA]);
}

function replace(fresh, selectors) {
  for (const old of document.head.querySelectorAll(selectors)) old.remove();
  document.head.append(...fresh.querySelectorAll(selectors));
}
