// Fields with comma-separated words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeWord, earlierWords, isTaken, typedWord } from "../../app/web/static/src/js/word-list.js";

test("the word after the last comma is being typed", () => {
  assert.equal(typedWord("Python, SQL,  Dja"), "Dja");
  assert.equal(typedWord(" Dja "), "Dja");
  assert.equal(typedWord("Python, "), "");
});

test("empty words do not count as earlier ones", () => {
  assert.deepEqual(earlierWords("Python,, SQL , Dja"), ["Python", "SQL"]);
  assert.deepEqual(earlierWords("Dja"), []);
});

test("a chosen word takes the place of the typed one", () => {
  assert.equal(completeWord("Python, Dja", "Django"), "Python, Django, ");
  assert.equal(completeWord("", "Django"), "Django, ");
});

test("a word is taken in any spelling of letters, but the one being typed is not", () => {
  assert.equal(isTaken("вёрстка, Py", "Верстка"), true);
  assert.equal(isTaken("Python", "Python"), false);
});
