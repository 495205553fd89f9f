// Unfinished texts. A form with `data-autosave` (account:name) is kept in this browser for 30 days, passwords never.
// It goes when the server said that the form arrived (`data-draft-done`), when it is discarded, and at sign-out.
import { get, getAll, language, setting } from "./dom.js";
import { DraftStore } from "./draft-store.js";
import { draftFields, readValues, sameValues, writeValues } from "./form-values.js";
import { interpolate } from "./text.js";

/** @typedef {import("./draft-store.js").FormValues} FormValues */

const PAUSE_MS = 400;

/**
 * Keep what is typed into one form, and offer what was kept before.
 * @param {HTMLFormElement} form
 * @param {DraftStore} store
 */
function keepDraft(form, store) {
  const name = setting(form, "autosave");
  const notice = get(form, "[data-draft-notice]");
  const noticeText = get(notice, "[data-draft-words]");
  const button = get(notice, "button", HTMLButtonElement);
  const savedNote = get(form, "[data-draft-note]");
  const clock = new Intl.DateTimeFormat(language(), { timeStyle: "short" });
  const moment = new Intl.DateTimeFormat(language(), { dateStyle: "long", timeStyle: "short" });
  const base = form.dataset.autosaveBase ?? "";
  const before = readValues(draftFields(form.elements), { initial: true });
  // A refused form comes back with what was typed, which the server has not kept.
  const refused = Boolean(form.querySelector(".summary"));
  let draft = store.load(name);
  let filling = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {FormValues} values */
  const fill = (values) => {
    filling = true;
    writeValues(draftFields(form.elements), values);
    for (const picker of getAll(form, "[data-picker]")) picker.dispatchEvent(new Event("change"));
    filling = false;
  };
  /**
   * @param {"restored" | "changed" | "discarded"} state
   * @param {number} at
   */
  const show = (state, at) => {
    notice.hidden = false;
    notice.dataset.state = state;
    noticeText.textContent = interpolate(setting(notice, state), { when: moment.format(at) });
    get(button, "span").textContent = setting(notice, state === "restored" ? "discard" : "back");
  };
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    const values = readValues(draftFields(form.elements));
    savedNote.hidden = false;
    if (!refused && sameValues(values, before)) {
      store.remove(name);
      savedNote.hidden = true;
    } else if (store.save(name, { at: Date.now(), base, values })) {
      savedNote.textContent = interpolate(setting(savedNote, "kept"), { when: clock.format(Date.now()) });
    } else {
      savedNote.textContent = setting(savedNote, "refused");
    }
  };
  const saveNow = () => {
    if (timer !== undefined) save();
  };

  if (draft && !refused && sameValues(draft.values, before)) {
    store.remove(name);
  } else if (draft && !refused) {
    if (draft.base === base) fill(draft.values);
    show(draft.base === base ? "restored" : "changed", draft.at);
  }
  button.addEventListener("click", () => {
    if (notice.dataset.state === "restored") {
      draft = { at: Date.now(), base, values: readValues(draftFields(form.elements)) };
      fill(before);
      store.remove(name);
      savedNote.hidden = true;
      show("discarded", draft.at);
    } else if (draft) {
      fill(draft.values);
      store.save(name, { ...draft, base });
      show("restored", draft.at);
    }
  });
  form.addEventListener("input", () => {
    if (filling) return;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", saveNow);
  addEventListener("pagehide", saveNow);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) saveNow();
  });
}

/**
 * Ask before signing out whether the drafts of the account may go.
 * @param {HTMLButtonElement} button
 * @param {DraftStore} store
 */
function askAtSignOut(button, store) {
  // In the capture phase: before the handler that lets a form be sent once.
  const options = { capture: true };
  button.form?.addEventListener(
    "submit",
    (event) => {
      const names = store.names(`${setting(button, "draftAccount")}:`);
      if (names.length === 0) return;
      if (confirm(setting(button, "draftWarning"))) for (const name of names) store.remove(name);
      else event.preventDefault();
    },
    options,
  );
}

export function startDrafts() {
  const store = new DraftStore(() => localStorage);
  store.removeStale();
  for (const mark of getAll(document, "[data-draft-done]")) store.remove(setting(mark, "draftDone"));
  for (const button of getAll(document, "[data-draft-account]", HTMLButtonElement)) askAtSignOut(button, store);
  for (const form of getAll(document, "form[data-autosave]", HTMLFormElement)) keepDraft(form, store);
}
