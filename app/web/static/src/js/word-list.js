// A field of words with commas between them: the last one is being typed.
import { fold } from "./text.js";

/**
 * Return the word that is being typed.
 * @param {string} text
 * @returns {string}
 */
export function typedWord(text) {
  return text.slice(text.lastIndexOf(",") + 1).trim();
}

/**
 * Return the words before the one that is being typed.
 * @param {string} text
 * @returns {string[]}
 */
export function earlierWords(text) {
  const words = text.split(",").slice(0, -1);
  return words.map((word) => word.trim()).filter(Boolean);
}

/**
 * Return the text with the word that is being typed replaced, ready for the next one.
 * @param {string} text
 * @param {string} word
 * @returns {string}
 */
export function completeWord(text, word) {
  return `${[...earlierWords(text), word].join(", ")}, `;
}

/**
 * Tell whether a word is in the text already.
 * @param {string} text
 * @param {string} word
 * @returns {boolean}
 */
export function isTaken(text, word) {
  return earlierWords(text).map(fold).includes(fold(word.trim()));
}
