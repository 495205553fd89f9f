// What the fields of a form hold, as a draft keeps it; passwords, files and hidden fields never belong to it.

/** @typedef {import("./draft-store.js").FormValues} FormValues */
/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

const SKIPPED = new Set(["password", "hidden", "file", "submit", "button", "reset"]);

/**
 * Tell whether a field is a checkbox or a radio button.
 * @param {Field} field
 * @returns {field is HTMLInputElement}
 */
function isBox(field) {
  return field.type === "checkbox" || field.type === "radio";
}

/**
 * Return the value a field had when the server sent the page.
 * @param {Field} field
 * @returns {string}
 */
function initialValue(field) {
  if (!("options" in field)) return field.defaultValue;
  const options = [...field.options];
  return (options.find((option) => option.defaultSelected) ?? options[0])?.value ?? "";
}

/**
 * Return the fields of a form that a draft holds.
 * @param {Iterable<Element>} elements
 * @returns {Field[]}
 */
export function draftFields(elements) {
  const fields = /** @type {Field[]} */ ([...elements].filter((item) => "value" in item && item.tagName !== "BUTTON"));
  return fields.filter((field) => field.name && !SKIPPED.has(field.type));
}

/**
 * Return what the fields hold now, or what they held when the server sent them.
 * @param {Field[]} fields
 * @param {{ initial?: boolean }} [options]
 * @returns {FormValues}
 */
export function readValues(fields, { initial = false } = {}) {
  /** @type {FormValues} */
  const values = {};
  for (const field of fields) {
    if (isBox(field) && !(initial ? field.defaultChecked : field.checked)) continue;
    const value = initial && !isBox(field) ? initialValue(field) : field.value;
    const held = values[field.name] ?? [];
    values[field.name] = [...held, value];
  }
  return values;
}

/**
 * Put values into the fields, and tell each that it changed.
 * @param {Field[]} fields
 * @param {FormValues} values
 */
export function writeValues(fields, values) {
  const left = structuredClone(values);
  for (const field of fields) {
    if (isBox(field)) field.checked = (values[field.name] ?? []).includes(field.value);
    else field.value = left[field.name]?.shift() ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/**
 * Tell whether two readings of one form are the same.
 * @param {FormValues} one
 * @param {FormValues} other
 * @returns {boolean}
 */
export function sameValues(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
