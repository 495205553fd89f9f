// Rules of uploads: limits, delays, when to stop.

export const MOST_TRIES = 8;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const FIRST_CHECK_MS = 700;
const LAST_CHECK_MS = 60_000;
const CHECK_GROWTH = 1.4;
// Too large, of a wrong type, refused: sending it again changes nothing.
const FINAL_STATUSES = new Set([413, 415, 422]);

/**
 * Return why a file is not even begun, or null.
 * @param {{ size: number }} file
 * @param {number} shown how many files the field has, this one among them
 * @param {{ mostFiles: number, mostBytes: number }} limits
 * @returns {"full" | "large" | null}
 */
export function refusalOf(file, shown, { mostFiles, mostBytes }) {
  if (shown > mostFiles) return "full";
  return file.size > mostBytes ? "large" : null;
}

/**
 * Return the name under which the browser remembers an upload, so that it goes on after the page was loaded again.
 * @param {string} kind
 * @param {{ name: string, size: number, lastModified: number }} file
 * @param {string} replaces the id of the file that it is the next version of, or nothing
 * @returns {string}
 */
export function resumeKey(kind, file, replaces) {
  return `upload:${kind}:${file.name}:${file.size}:${file.lastModified}:${replaces}`;
}

/**
 * Return how long to wait after a try that failed.
 * @param {number} tried how many failed before it
 * @returns {number} milliseconds
 */
export function retryDelay(tried) {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tried);
}

/**
 * Yield the pauses between looks at a file that is being checked, longer each time, until it is not worth looking.
 * @returns {Generator<number>} milliseconds
 */
export function* checkDelays() {
  for (let pause = FIRST_CHECK_MS; pause < LAST_CHECK_MS; pause *= CHECK_GROWTH) yield pause;
}

/**
 * Tell whether an answer to the bytes ends the upload for good.
 * @param {number} status
 * @returns {boolean}
 */
export function isFinal(status) {
  return FINAL_STATUSES.has(status);
}

/**
 * Return the part that has arrived, from 0 to 1.
 * @param {number} offset what had arrived before
 * @param {number} loaded what was sent since
 * @param {number} size
 * @returns {number}
 */
export function progressOf(offset, loaded, size) {
  return size === 0 ? 1 : Math.min(1, (offset + loaded) / size);
}
