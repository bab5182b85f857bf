// Forms that a passkey sends: the browser makes or uses one, and its answer goes into a hidden field.

const isSupported = Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON);

/** Ask the browser for a passkey, with options that are fetched now because they expire. */
async function ask({ dataset: { passkey: address, ceremony } }) {
  const response = await fetch(address, { signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`options ${response.status}`);
  const { publicKey, challenge } = await response.json();
  const credential =
    ceremony === "add"
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey),
        });
  return JSON.stringify({ credential: credential.toJSON(), challenge });
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("[type=submit]");
  const problem = form.querySelector("[data-problem]");
  problem.hidden = true;
  button.disabled = true;
  try {
    form.querySelector('[name$="credential"]').value = await ask(form);
    // This does not call the listener again.
    form.submit();
  } catch {
    // The person cancelled, or the browser or the network refused; the reason is not for the page to know.
    problem.hidden = false;
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !isSupported;
  if (isSupported) form.addEventListener("submit", send);
}
