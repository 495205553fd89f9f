// An editable combobox with a list of suggestions, after the ARIA pattern of that name.
// Without a script each is the plain field.
import { get, setting } from "./dom.js";
import { interpolate } from "./text.js";

/** @typedef {Record<string, string>} Item what the address answers */
/** @typedef {{ name: string, note?: string | undefined, item: Item }} Suggestion */
/**
 * @typedef {object} Behaviour
 * @property {() => string} query what to ask the address for
 * @property {(items: Item[]) => Suggestion[]} suggest makes suggestions of the answer
 * @property {(suggestion: Suggestion) => void} take does what a chosen one is for
 */

const PAUSE_MS = 150;
const LONGEST_QUERY = 60;

/**
 * Return the suggestion that an arrow key leads to; -1 is the field itself, between the last and the first.
 * @param {number} active
 * @param {1 | -1} step
 * @param {number} count
 * @returns {number}
 */
export function nextIndex(active, step, count) {
  return ((active + 1 + step + count + 1) % (count + 1)) - 1;
}

/**
 * Return the list item of one suggestion.
 * @param {string} id
 * @param {Suggestion} suggestion
 * @param {() => void} choose
 * @returns {HTMLLIElement}
 */
function optionElement(id, suggestion, choose) {
  const row = document.createElement("li");
  row.id = id;
  row.role = "option";
  row.textContent = suggestion.name;
  if (suggestion.note) {
    const note = document.createElement("small");
    note.textContent = suggestion.note;
    row.append(" ", note);
  }
  row.setAttribute("aria-selected", "false");
  // Else the field would lose the focus, and the list would close before the click.
  row.addEventListener("pointerdown", (event) => event.preventDefault());
  row.addEventListener("click", choose);
  return row;
}

/**
 * Return what an address suggests for a text; each text is asked for once.
 * @param {string} address
 * @returns {(text: string, signal: AbortSignal) => Promise<Item[] | null>} null where there was no answer
 */
function suggestionSource(address) {
  /** @type {Map<string, Item[]>} */
  const known = new Map();
  return async (text, signal) => {
    const kept = known.get(text);
    if (kept) return kept;
    try {
      const answer = await fetch(`${address}?${new URLSearchParams({ q: text })}`, { signal });
      if (!answer.ok) return null;
      const { items } = await answer.json();
      known.set(text, items);
      return items;
    } catch {
      return null; // The next key asks again; what was typed stays.
    }
  };
}

/**
 * Make a field a combobox.
 * @param {HTMLElement} box holds the field, the list and the status
 * @param {string} address
 * @param {Behaviour} behaviour
 */
export function startCombobox(box, address, { query, suggest, take }) {
  const input = get(box, "input", HTMLInputElement);
  const list = get(box, "[role=listbox]");
  const status = get(box, "[role=status]");
  const fetchItems = suggestionSource(address);
  /** @type {Suggestion[]} */
  let suggestions = [];
  /** @type {HTMLLIElement[]} */
  let rows = [];
  let active = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | null} */
  let asked = null;

  const cancel = () => {
    clearTimeout(timer);
    asked?.abort();
  };
  const close = () => {
    cancel();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  /** @param {number} index */
  const point = (index) => {
    active = index;
    for (const [at, row] of rows.entries()) row.setAttribute("aria-selected", String(at === index));
    const row = rows[index];
    if (!row) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    }
  };
  /** @param {number} index */
  const choose = (index) => {
    const suggestion = suggestions[index];
    if (!suggestion) return;
    take(suggestion);
    close();
    status.textContent = interpolate(setting(box, "taken"), { name: suggestion.name });
  };
  /** @param {Suggestion[]} found */
  const show = (found) => {
    suggestions = found;
    rows = found.map((item, index) => optionElement(`${input.id}-option-${index}`, item, () => choose(index)));
    list.replaceChildren(...rows);
    list.hidden = rows.length === 0;
    input.setAttribute("aria-expanded", String(rows.length > 0));
    status.textContent = rows.length
      ? interpolate(setting(box, "found"), { count: rows.length })
      : setting(box, "none");
    point(-1);
  };
  const ask = async () => {
    const text = query();
    if (!text || text.length > LONGEST_QUERY) return close();
    asked = new AbortController();
    const { signal } = asked;
    const items = await fetchItems(text, signal);
    // The next key starts a new request, and closing here would cancel it.
    if (signal.aborted) return;
    if (!items) return close();
    if (document.activeElement === input && query() === text) show(suggest(items));
  };
  /** @param {1 | -1} step */
  const move = (step) => {
    if (list.hidden) ask();
    else point(nextIndex(active, step, rows.length));
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      choose(active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };

  input.role = "combobox";
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.addEventListener("input", (event) => {
    cancel();
    // What a script puts in asks for nothing.
    if (event.isTrusted) timer = setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", onKey);
}
