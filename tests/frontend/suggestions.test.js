// Suggestions from responses of the catalogue.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextIndex } from "../../app/web/static/src/js/combobox.js";
import { isFound } from "../../app/web/static/src/js/pickers.js";
import { filterAddress, skillSuggestions } from "../../app/web/static/src/js/suggestions.js";
import { fold } from "../../app/web/static/src/js/text.js";

const ITEMS = [
  { name_en: "Layout", name_ru: "Вёрстка" },
  { name_en: "Django", name_ru: "Django" },
];

test("skills are named in the language of the page", () => {
  const names = skillSuggestions(ITEMS, "", "ru").map(({ name }) => name);
  assert.deepEqual(names, ["Вёрстка", "Django"]);
});

test("an answer without translations has one name", () => {
  assert.deepEqual(
    skillSuggestions([{ name: "Rust" }], "", "ru").map(({ name }) => name),
    ["Rust"],
  );
});

test("a skill that the field has is not suggested again", () => {
  const names = skillSuggestions(ITEMS, "верстка, D", "ru").map(({ name }) => name);
  assert.deepEqual(names, ["Django"]);
});

test("a suggestion leads to the list with its filter", () => {
  assert.equal(filterAddress("/orders", { filter: "skill", slug: "c++" }), "/orders?skill=c%2B%2B");
});

test("arrow keys go round through the field itself", () => {
  assert.deepEqual([nextIndex(-1, 1, 3), nextIndex(0, 1, 3), nextIndex(2, 1, 3)], [0, 1, -1]);
  assert.deepEqual([nextIndex(-1, -1, 3), nextIndex(0, -1, 3)], [2, -1]);
  assert.equal(nextIndex(-1, 1, 0), -1);
});

test("a picker finds by any part of its words, and shows all while nothing is typed", () => {
  const words = fold("Вёрстка html css");
  assert.equal(isFound(words, " ВЕРСТ "), true);
  assert.equal(isFound(words, "react"), false);
  assert.equal(isFound(words, "  "), true);
});
