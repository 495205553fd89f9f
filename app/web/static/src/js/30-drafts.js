// Unfinished texts. A form with `data-autosave` (account:name) is kept in this browser for 30 days, passwords never.
// It goes when the server said that the form arrived (`data-draft-done`), when it is discarded, and at sign-out.
const PREFIX = "draft:";
const KEEP_MS = 30 * 24 * 3600 * 1000;
const SKIPPED = new Set(["password", "hidden", "file", "submit", "button", "reset"]);
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });

function load(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null");
    return kept && Date.now() - kept.at < KEEP_MS ? kept : null;
  } catch {
    return null;
  }
}

function store(key, kept) {
  try {
    localStorage.setItem(key, JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // What cannot be written cannot be there.
  }
}

function keptKeys(of = "") {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX + of));
  } catch {
    return [];
  }
}

for (const key of keptKeys()) if (!load(key)) forget(key);
for (const mark of document.querySelectorAll("[data-draft-done]")) forget(PREFIX + mark.dataset.draftDone);
for (const button of document.querySelectorAll("[data-draft-account]")) {
  const ask = (event) => {
    const keys = keptKeys(`${button.dataset.draftAccount}:`);
    if (keys.length === 0) return;
    if (confirm(button.dataset.draftWarning)) keys.forEach(forget);
    else event.preventDefault();
  };
  // Ahead of what lets a form be sent once.
  button.form?.addEventListener("submit", ask, { capture: true });
}

const isBox = (item) => item.type === "checkbox" || item.type === "radio";
const fieldsOf = (form) =>
  [...form.elements].filter((item) => item.name && "value" in item && !SKIPPED.has(item.type) && item.tagName !== "BUTTON");

// What the form holds now, or (`initial`) what it held when the server sent it.
function read(form, initial = false) {
  const values = {};
  for (const item of fieldsOf(form)) {
    let value = item.value;
    if (isBox(item)) {
      if (!(initial ? item.defaultChecked : item.checked)) continue;
    } else if (initial) {
      const first = item.options && ([...item.options].find((option) => option.defaultSelected) ?? item.options[0]);
      value = item.options ? (first?.value ?? "") : item.defaultValue;
    }
    (values[item.name] ??= []).push(value);
  }
  return values;
}

function write(form, values) {
  const left = structuredClone(values);
  for (const item of fieldsOf(form)) {
    if (isBox(item)) item.checked = (values[item.name] ?? []).includes(item.value);
    else item.value = left[item.name]?.shift() ?? "";
    item.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const picker of form.querySelectorAll("[data-picker]")) picker.dispatchEvent(new Event("change"));
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function keepDraft(form) {
  const key = PREFIX + form.dataset.autosave;
  const notice = form.querySelector("[data-draft-notice]");
  const words = notice.querySelector("[data-draft-words]");
  const button = notice.querySelector("button");
  const note = form.querySelector("[data-draft-note]");
  const base = form.dataset.autosaveBase ?? "";
  const before = read(form, true);
  // A refused form comes back with what was typed, which the server has not kept.
  const refused = Boolean(form.querySelector(".summary"));
  let kept = load(key);
  let quiet = false;
  let timer = 0;

  const fill = (values) => {
    quiet = true;
    write(form, values);
    quiet = false;
  };
  const tell = (state, at) => {
    notice.hidden = false;
    notice.dataset.state = state;
    words.textContent = notice.dataset[state].replace("{when}", moment.format(at));
    button.querySelector("span").textContent = state === "restored" ? notice.dataset.discard : notice.dataset.back;
  };
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    const values = read(form);
    note.hidden = false;
    if (!refused && same(values, before)) {
      forget(key);
      note.hidden = true;
    } else if (store(key, { at: Date.now(), base, values })) {
      note.textContent = note.dataset.kept.replace("{when}", clock.format(Date.now()));
    } else {
      note.textContent = note.dataset.refused;
    }
  };

  if (kept && !refused && same(kept.values, before)) {
    forget(key);
  } else if (kept && !refused) {
    if (kept.base === base) fill(kept.values);
    tell(kept.base === base ? "restored" : "changed", kept.at);
  }
  button.addEventListener("click", () => {
    if (notice.dataset.state === "restored") {
      kept = { at: Date.now(), base, values: read(form) };
      fill(before);
      forget(key);
      note.hidden = true;
      tell("discarded", kept.at);
    } else {
      fill(kept.values);
      store(key, { ...kept, base });
      tell("restored", kept.at);
    }
  });
  form.addEventListener("input", () => {
    if (quiet) return;
    clearTimeout(timer);
    timer = setTimeout(save, 400);
  });
  const hurry = () => timer && save();
  form.addEventListener("submit", hurry);
  addEventListener("pagehide", hurry);
  document.addEventListener("visibilitychange", () => document.hidden && hurry());
}

document.querySelectorAll("form[data-autosave]").forEach(keepDraft);
