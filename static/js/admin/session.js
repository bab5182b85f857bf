// The signed-in user of this browser. When the session ends or changes, other tabs drop the editor's work.

const BACKUPS = "newsroom-desk:";
const LOGIN = "/admin/login/";

/** The id of this page's user; empty if nobody is signed in, "out" right after signing out. */
export const user = document.querySelector('meta[name="newsroom-user"]').content;

const endings = [];

/** Register `act` to be called before the page is left because its user's session has ended. */
export function onEnd(act) {
  endings.push(act);
}

/** The storage key prefix of this user's unsaved text. */
export const backups = `${BACKUPS}${user}:`;

/** Delete this user's unsaved text from the browser and go to the sign-in page. */
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
    /* storage is disabled, so it is empty */
  }
}

// After an expired session, keep the text for the same user and delete that of all others.
if (user) {
  forget((key) => !key.startsWith(backups));
  const tabs = new BroadcastChannel("newsroom-session");
  tabs.postMessage(user);
  if (user !== "out") tabs.addEventListener("message", ({ data }) => data !== user && end());
}

// After signing out, the back button must not restore a page from the back/forward cache.
addEventListener("pageshow", (event) => event.persisted && user && location.reload());
