// Amounts of money: shows below the field how the server reads what is typed, because only the server parses amounts.
import { find, getAll, setting } from "./dom.js";

const PAUSE_MS = 250;

/**
 * Return the address that says how an amount is read.
 * @param {string} path
 * @param {string} amount as it was typed
 * @param {string} currency empty for the server's default
 * @returns {string}
 */
export function amountAddress(path, amount, currency) {
  return `${path}?${new URLSearchParams({ amount, ...(currency ? { currency } : {}) })}`;
}

/**
 * Ask the server while an amount is being typed, and show its answer.
 * @param {HTMLInputElement} input
 */
function watchAmount(input) {
  const note = document.getElementById(setting(input, "amountInto"));
  const choice = input.form && find(input.form, "select[name=currency]", HTMLSelectElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | null} */
  let asked = null;

  const ask = async () => {
    asked = new AbortController();
    const currency = setting(input, "amountCurrency") || choice?.value || "";
    try {
      const address = amountAddress(setting(input, "amount"), input.value, currency);
      const answer = await fetch(address, { signal: asked.signal });
      if (note && answer.ok) note.textContent = await answer.text();
    } catch {
      // The next key asks again.
    }
  };
  const wait = () => {
    clearTimeout(timer);
    asked?.abort();
    if (input.value.trim()) timer = setTimeout(ask, PAUSE_MS);
    else note?.replaceChildren();
  };
  input.addEventListener("input", wait);
  choice?.addEventListener("change", wait);
}

export function startAmounts() {
  for (const input of getAll(document, "[data-amount]", HTMLInputElement)) watchAmount(input);
}
