// Password fields: shows what was typed, and what the server thinks of its strength.
import { formBody, get, getAll, setting } from "./dom.js";

const PAUSE_MS = 500;

/**
 * Ask the server while a password is being typed, and show its answer.
 * @param {HTMLInputElement} input
 */
function watchStrength(input) {
  const address = setting(input, "strength");
  const target = document.getElementById(setting(input, "strengthInto"));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | null} */
  let asked = null;

  const ask = async () => {
    asked = new AbortController();
    const body = input.form ? formBody(input.form) : new URLSearchParams();
    body.set("password", input.value);
    try {
      const headers = { Accept: "text/html" };
      const answer = await fetch(address, { method: "POST", body, signal: asked.signal, headers });
      // A meter of an earlier password would mislead.
      if (!answer.ok) return target?.replaceChildren();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      target?.replaceChildren(...page.body.childNodes);
    } catch {
      // The next key asks again.
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    if (input.value) timer = setTimeout(ask, PAUSE_MS);
    else target?.replaceChildren();
  });
}

/**
 * Let a link take over what is typed in a field of its form.
 * @param {HTMLAnchorElement} link
 */
function carry(link) {
  const name = setting(link, "carry");
  const input = link.closest("form")?.elements.namedItem(name);
  if (!(input instanceof HTMLInputElement)) return;
  link.addEventListener("click", () => {
    const address = new URL(link.href);
    if (input.value) address.searchParams.set(name, input.value);
    link.href = address.href;
  });
}

export function startPasswords() {
  getAll(document, "a[data-carry]", HTMLAnchorElement).forEach(carry);
  for (const box of getAll(document, "[data-password]")) {
    const input = get(box, "input", HTMLInputElement);
    const button = get(box, "[data-password-toggle]");
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      input.focus();
    });
    // A field of plain text would be offered again by the browser.
    input.form?.addEventListener("submit", () => {
      input.type = "password";
    });
    if (input.dataset.strength) watchStrength(input);
  }
}
