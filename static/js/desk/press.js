// A click is lost if its target is replaced between press and release.

// A release outside the window may never be reported, so do not wait longer.
const LONGEST = 10_000;
const RELEASES = ["pointerup", "pointercancel", "keyup"];

let isPressed = false;
addEventListener("pointerdown", press, { capture: true });
addEventListener("keydown", (event) => event.key === " " && press(), { capture: true });
for (const name of RELEASES) addEventListener(name, () => (isPressed = false), { capture: true });

function press() {
  isPressed = true;
}

/** Wait until no mouse button, finger or space bar is down and the resulting click has been handled. */
export function released() {
  if (!isPressed) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = new AbortController();
    const finish = () => {
      listening.abort();
      setTimeout(resolve);
    };
    const limit = setTimeout(finish, LONGEST);
    for (const name of RELEASES) {
      addEventListener(
        name,
        () => {
          clearTimeout(limit);
          finish();
        },
        { capture: true, signal: listening.signal },
      );
    }
  });
}
