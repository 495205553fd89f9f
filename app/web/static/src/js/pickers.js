// Lists of checkboxes with a search above and the chosen ones as buttons.
import { get, getAll, setting } from "./dom.js";
import { fold, interpolate } from "./text.js";

/** @typedef {{ row: HTMLElement, input: HTMLInputElement, words: string }} Choice */

/**
 * Tell whether a choice is shown for what was typed.
 * @param {string} words the choice's words, folded
 * @param {string} typed
 * @returns {boolean}
 */
export function isFound(words, typed) {
  return words.includes(fold(typed.trim()));
}

/**
 * Return the button that takes a choice back.
 * @param {HTMLElement} picker
 * @param {string} name
 * @param {() => void} remove
 * @returns {HTMLButtonElement}
 */
function chosenButton(picker, name, remove) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip chip-on";
  button.textContent = `${name} ×`;
  button.setAttribute("aria-label", interpolate(setting(picker, "remove"), { name }));
  button.addEventListener("click", remove);
  return button;
}

/** @param {HTMLElement} picker */
function startPicker(picker) {
  const search = get(picker, "[data-picker-search]", HTMLInputElement);
  const chosen = get(picker, "[data-picker-chosen]");
  const none = get(picker, "[data-picker-none]");
  const limit = Number(picker.dataset.limit || 0);
  /** @type {Choice[]} */
  const choices = getAll(picker, "label.check").map((row) => ({
    row,
    input: get(row, "input", HTMLInputElement),
    words: fold(`${row.textContent} ${row.dataset.words ?? ""}`),
  }));

  const filter = () => {
    for (const { row, words } of choices) row.hidden = !isFound(words, search.value);
    none.hidden = choices.some(({ row }) => !row.hidden);
  };
  const show = () => {
    const picked = choices.filter(({ input }) => input.checked);
    const buttons = picked.map(({ row, input }) =>
      chosenButton(picker, row.textContent.trim(), () => {
        input.checked = false;
        show();
        search.focus();
      }),
    );
    chosen.replaceChildren(...buttons);
    if (limit) for (const { input } of choices) input.disabled = !input.checked && picked.length >= limit;
  };
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const first = choices.find(({ row, input }) => !row.hidden && !input.disabled);
    if (!first || !search.value.trim()) return;
    first.input.checked = true;
    search.value = "";
    filter();
    show();
  });
  picker.addEventListener("change", show);
  show();
}

export function startPickers() {
  getAll(document, "[data-picker]").forEach(startPicker);
}
