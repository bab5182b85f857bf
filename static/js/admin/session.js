// Who is signed in in this browser. When that ends or changes, nothing of the editor's work stays in other tabs.

const BACKUPS = "newsroom-desk:";
const LOGIN = "/admin/login/";

/** The id of the user whom this page was made for: empty if nobody is signed in, "out" right after signing out. */
export const user = document.querySelector('meta[name="newsroom-user"]').content;

const endings = [];

/** Have `act` called before the page is left because its user is signed in no longer. */
export function onEnd(act) {
  endings.push(act);
}

/** Where unsaved text of this user is kept in the browser. */
export const backups = `${BACKUPS}${user}:`;

/** Leave the page, and leave nothing of it behind. */
export function end() {
  for (const act of endings) act();
  forget((key) => key.startsWith(backups));
  location.replace(`${LOGIN}?next=${encodeURIComponent(location.pathname)}`);
}

function forget(isForgotten) {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(BACKUPS) && isForgotten(key)) localStorage.removeItem(key);
    }
  } catch {
    /* storage is off: it holds nothing */
  }
}

// An expired login leaves the text where it is, for the same user to go on; another user never sees it.
if (user) {
  forget((key) => !key.startsWith(backups));
  const tabs = new BroadcastChannel("newsroom-session");
  tabs.postMessage(user);
  if (user !== "out") tabs.addEventListener("message", ({ data }) => data !== user && end());
}

// The back button must not bring a page back from memory after its user has signed out.
addEventListener("pageshow", (event) => event.persisted && user && location.reload());
