// Drafts in the browser's storage, and which values of a form they contain.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DraftStore } from "../../app/web/static/src/js/draft-store.js";
import { draftFields, readValues, sameValues, writeValues } from "../../app/web/static/src/js/form-values.js";

/** @typedef {import("../../app/web/static/src/js/form-values.js").Field} Field */

const DAY_MS = 24 * 3600 * 1000;

/**
 * A storage that behaves as the browser's.
 * @param {Record<string, string>} [content]
 * @returns {Storage}
 */
function memory(content = {}) {
  const items = new Map(Object.entries(content));
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

/** @returns {Storage} */
function forbidden() {
  throw new DOMException("The operation is insecure.", "SecurityError");
}

/**
 * A form field with the properties that the functions of drafts read.
 * @param {object} properties
 */
function field(properties) {
  const defaults = { tagName: "INPUT", type: "text", value: "", defaultValue: "" };
  return /** @type {Field} */ (/** @type {unknown} */ (Object.assign(new EventTarget(), defaults, properties)));
}

test("a draft comes back as it was kept, under its account and form", () => {
  const storage = memory();
  const store = new DraftStore(() => storage);
  const draft = { at: Date.now(), base: "3", values: { title: ["Logo"] } };
  assert.equal(store.save("anna:order-1", draft), true);
  assert.deepEqual(store.load("anna:order-1"), draft);
  assert.equal(store.load("boris:order-1"), null);
  assert.equal(storage.key(0), "draft:anna:order-1");
});

test("a draft ends after thirty days", () => {
  const storage = memory();
  let now = 0;
  const store = new DraftStore(
    () => storage,
    () => now,
  );
  store.save("anna:order-1", { at: 0, base: "", values: {} });
  now = 30 * DAY_MS - 1;
  assert.notEqual(store.load("anna:order-1"), null);
  now = 30 * DAY_MS;
  assert.equal(store.load("anna:order-1"), null);
});

test("what is too old or broken is removed, other things of the storage stay", () => {
  const fresh = JSON.stringify({ at: Date.now(), base: "", values: {} });
  const storage = memory({ "draft:a:1": "{", "draft:a:2": fresh, "draft:a:3": '{"at":0}', "upload:x": "1" });
  new DraftStore(() => storage).removeStale();
  assert.deepEqual([storage.length, storage.getItem("draft:a:2"), storage.getItem("upload:x")], [2, fresh, "1"]);
});

test("the drafts of one account are told from those of another", () => {
  const storage = memory({ "draft:anna:1": "{}", "draft:anna2:1": "{}", "draft:anna:2": "{}", other: "{}" });
  const store = new DraftStore(() => storage);
  assert.deepEqual(store.names("anna:"), ["anna:1", "anna:2"]);
  assert.equal(store.names().length, 3);
});

test("a storage that is forbidden or full keeps nothing and breaks nothing", () => {
  const store = new DraftStore(forbidden);
  store.remove("anna:1");
  store.removeStale();
  assert.equal(store.save("anna:1", { at: 0, base: "", values: {} }), false);
  assert.equal(store.load("anna:1"), null);
  assert.deepEqual(store.names(), []);
});

test("passwords, files, hidden fields and buttons are no part of a draft", () => {
  const elements = ["password", "hidden", "file", "submit", "text"].map((type) => field({ name: type, type }));
  const button = field({ name: "action", tagName: "BUTTON", type: "text" });
  const unnamed = field({ name: "" });
  const fieldset = /** @type {Element} */ (/** @type {unknown} */ ({ tagName: "FIELDSET", name: "group" }));
  const kept = draftFields([...elements, button, unnamed, fieldset]);
  assert.deepEqual(
    kept.map(({ name }) => name),
    ["text"],
  );
});

test("a form is read by name: each value of a field, and of boxes only the ticked ones", () => {
  const fields = [
    field({ name: "title", value: "Logo", defaultValue: "" }),
    field({ name: "skill", type: "checkbox", value: "css", checked: true, defaultChecked: false }),
    field({ name: "skill", type: "checkbox", value: "html", checked: true, defaultChecked: true }),
    field({ name: "skill", type: "checkbox", value: "js", checked: false, defaultChecked: true }),
  ];
  assert.deepEqual(readValues(fields), { title: ["Logo"], skill: ["css", "html"] });
  assert.deepEqual(readValues(fields, { initial: true }), { title: [""], skill: ["html", "js"] });
});

test("a list was sent with its marked option, or else with its first", () => {
  const options = [
    { value: "rub", defaultSelected: false },
    { value: "usd", defaultSelected: true },
  ];
  const marked = field({ name: "currency", type: "select-one", value: "rub", options });
  const plain = field({ name: "unit", type: "select-one", value: "b", options: [{ value: "a" }, { value: "b" }] });
  const empty = field({ name: "none", type: "select-one", value: "", options: [] });
  const initial = readValues([marked, plain, empty], { initial: true });
  assert.deepEqual(initial, { currency: ["usd"], unit: ["a"], none: [""] });
});

test("what was read can be written back, and each field tells that it changed", () => {
  /** @type {string[]} */
  const told = [];
  const fields = [
    field({ name: "part", value: "one" }),
    field({ name: "part", value: "two" }),
    field({ name: "agreed", type: "checkbox", value: "yes", checked: true }),
  ];
  for (const item of fields) item.addEventListener("input", () => told.push(item.name));
  const before = readValues(fields);
  writeValues(fields, {});
  assert.deepEqual(readValues(fields), { part: ["", ""] });
  writeValues(fields, before);
  assert.equal(sameValues(readValues(fields), before), true);
  assert.deepEqual(told, ["part", "part", "agreed", "part", "part", "agreed"]);
});
