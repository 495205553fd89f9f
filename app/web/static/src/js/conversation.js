// Polls an open conversation for new messages: every few seconds while the page is visible, seldom while it is not.
import { isIncoming, isNearEnd, isShown, pollDelay, titleWith } from "./conversation-rules.js";
import { find, get, getAll, language, post, setting } from "./dom.js";
import { clockTime, parseMoment } from "./times.js";

/** @typedef {import("./conversation-rules.js").ListItem} ListItem */

/**
 * Write the time of each message by the reader's own clock.
 * @param {ParentNode} scope
 */
function showOwnClock(scope) {
  const write = clockTime(language());
  for (const time of getAll(scope, "time[data-clock]", HTMLTimeElement)) {
    const moment = parseMoment(time.dateTime);
    if (moment) time.textContent = write(moment);
  }
}

/**
 * @param {HTMLElement} element
 * @returns {ListItem}
 */
function listItem({ id, dataset }) {
  return { id, day: dataset.day, number: dataset.number, mine: "mine" in dataset };
}

/**
 * Add fetched items to the list.
 * @param {HTMLElement} list
 * @param {HTMLElement} fetched
 * @returns {number} how many messages of the other side are among them
 */
function append(list, fetched) {
  const days = new Set(getAll(list, "[data-day]").map((item) => setting(item, "day")));
  const shown = { days, hasId: (/** @type {string} */ id) => document.getElementById(id) !== null };
  const added = getAll(fetched, ":scope > *").filter((element) => !isShown(listItem(element), shown));
  list.append(...added);
  showOwnClock(list);
  return added.map(listItem).filter(isIncoming).length;
}

/**
 * Show which of the reader's messages the other side has read.
 * @param {HTMLElement} list
 * @param {number} number up to which
 */
function markRead(list, number) {
  for (const line of getAll(list, "[data-mine]")) {
    get(line, ".talk-read").hidden = Number(line.dataset.number) > number;
  }
}

/**
 * Keep the list of messages new.
 * @param {HTMLElement} list
 */
function follow(list) {
  const readForm = /** @type {HTMLFormElement} */ (document.getElementById("talk-read"));
  const { title } = document;
  let unseen = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const isVisible = () => document.visibilityState === "visible";
  const tellRead = () => {
    get(readForm, "[name=number]", HTMLInputElement).value = setting(list, "last");
    // A failed request is repeated with the next message.
    post(readForm, { keepalive: true }).catch(() => {});
  };
  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(poll, pollDelay(isVisible()));
  };
  const update = async () => {
    const answer = await fetch(`${setting(list, "talk")}/after/${setting(list, "last")}`, { redirect: "error" });
    if (!answer.ok) return;
    const fetched = find(new DOMParser().parseFromString(await answer.text(), "text/html"), "ol");
    if (!fetched) return;
    const nearEnd = isNearEnd({ innerHeight, scrollY, scrollHeight: document.documentElement.scrollHeight });
    const came = append(list, fetched);
    list.dataset.last = setting(fetched, "last");
    markRead(list, Number(fetched.dataset.read));
    if (came === 0) return;
    if (isVisible()) tellRead();
    else {
      unseen += came;
      document.title = titleWith(unseen, title);
    }
    if (nearEnd) list.lastElementChild?.scrollIntoView({ block: "nearest" });
  };
  const poll = () =>
    update()
      .catch(() => {})
      .finally(schedule); // No connection: the next poll tries again.
  document.addEventListener("visibilitychange", () => {
    if (!isVisible()) return;
    if (unseen) tellRead();
    unseen = 0;
    document.title = title;
    clearTimeout(timer);
    poll();
  });
  schedule();
}

/**
 * Send a message by Ctrl or Command and Enter.
 * @param {HTMLFormElement} form
 */
function sendByKey(form) {
  get(form, "[name=text]", HTMLTextAreaElement).addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

export function startConversation() {
  const list = find(document, "ol[data-talk][data-live]");
  if (list) follow(list);
  showOwnClock(document);
  getAll(document, "[data-talk-form]", HTMLFormElement).forEach(sendByKey);
}
