// Decisions of an open conversation.

const VISIBLE_POLL_MS = 5000;
const HIDDEN_POLL_MS = 30_000;
const NEAR_END_PX = 400;

/**
 * Return how long to wait before asking for new messages.
 * @param {boolean} visible whether the page is looked at
 * @returns {number} milliseconds
 */
export function pollDelay(visible) {
  return visible ? VISIBLE_POLL_MS : HIDDEN_POLL_MS;
}

/**
 * Return the title of the page with the number of messages that nobody has seen.
 * @param {number} unseen
 * @param {string} title
 * @returns {string}
 */
export function titleWith(unseen, title) {
  return unseen > 0 ? `(${unseen}) ${title}` : title;
}

/**
 * Tell whether the reader is at the end of the page, so that new messages may move it.
 * @param {{ innerHeight: number, scrollY: number, scrollHeight: number }} view
 * @returns {boolean}
 */
export function isNearEnd({ innerHeight, scrollY, scrollHeight }) {
  return innerHeight + scrollY > scrollHeight - NEAR_END_PX;
}

/** @typedef {{ id: string, day?: string | undefined, number?: string | undefined, mine: boolean }} ListItem */

/**
 * Tell whether a fetched item is in the list already: a day by its date, a message by its id.
 * @param {ListItem} item
 * @param {{ days: Set<string>, hasId: (id: string) => boolean }} shown
 * @returns {boolean}
 */
export function isShown(item, shown) {
  if (item.day && shown.days.has(item.day)) return true;
  return item.id !== "" && shown.hasId(item.id);
}

/**
 * Tell whether an item is a message of the other side.
 * @param {ListItem} item
 * @returns {boolean}
 */
export function isIncoming(item) {
  return Boolean(item.number) && !item.mine;
}
