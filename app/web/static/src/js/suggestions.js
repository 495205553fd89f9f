// Fields that suggest while one types: lists of skills, and the search at the head of the page.
import { startCombobox } from "./combobox.js";
import { get, getAll, language, setting } from "./dom.js";
import { completeWord, isTaken, typedWord } from "./word-list.js";

/** @typedef {import("./combobox.js").Item} Item */
/** @typedef {import("./combobox.js").Suggestion} Suggestion */

/**
 * Return the skills that the field does not have yet, named in the language of the page.
 * @param {Item[]} items
 * @param {string} text what the field holds
 * @param {string} language
 * @returns {Suggestion[]}
 */
export function skillSuggestions(items, text, language) {
  const named = items.map((item) => ({ name: item[`name_${language}`] ?? item.name ?? "", item }));
  return named.filter(({ name }) => !isTaken(text, name));
}

/**
 * Return the address of the orders that a skill or a field of work leads to.
 * @param {string} list the address of the list
 * @param {Item} item
 * @returns {string}
 */
export function filterAddress(list, item) {
  return `${list}?${new URLSearchParams({ [item.filter ?? ""]: item.slug ?? "" })}`;
}

export function startSuggestions() {
  for (const box of getAll(document, "[data-suggest]")) {
    const input = get(box, "input", HTMLInputElement);
    startCombobox(box, setting(box, "suggest"), {
      query: () => typedWord(input.value),
      suggest: (items) => skillSuggestions(items, input.value, language()),
      take: ({ name }) => {
        input.value = completeWord(input.value, name);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      },
    });
  }
  // A skill or a field of work leads to its orders; Enter alone searches the words.
  for (const box of getAll(document, "[data-places]", HTMLFormElement)) {
    const input = get(box, "input", HTMLInputElement);
    startCombobox(box, setting(box, "places"), {
      query: () => input.value.trim(),
      suggest: (items) => items.map((item) => ({ name: item.name ?? "", note: item.within, item })),
      take: ({ item }) => location.assign(filterAddress(box.action, item)),
    });
  }
}
