// Texts as people type and read them.

/**
 * Return the text as it is compared: small letters, the Russian ё as е.
 * @param {string} text
 * @returns {string}
 */
export function fold(text) {
  return text.toLocaleLowerCase().replaceAll("ё", "е");
}

/**
 * Return the number of characters as the server counts them: code points, not UTF-16 units.
 * @param {string} text
 * @returns {number}
 */
export function countCharacters(text) {
  return [...text].length;
}

/**
 * Put values into a translated text: `{name}` becomes the value of `name`.
 * @param {string} template
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function interpolate(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
