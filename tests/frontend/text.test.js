// Texts: counting, folding case and ё, interpolating.
import assert from "node:assert/strict";
import { test } from "node:test";
import { countCharacters, fold, interpolate } from "../../app/web/static/src/js/text.js";

test("ё and е, large and small letters compare as equal", () => {
  assert.equal(fold("Ёлка"), fold("елка"));
  assert.equal(fold("PostgreSQL"), "postgresql");
});

test("a character outside the basic plane counts once, as on the server", () => {
  assert.equal(countCharacters("да 👍"), 4);
  assert.equal(countCharacters(""), 0);
});

test("every placeholder is filled in, wherever it stands", () => {
  assert.equal(interpolate("{used} of {limit}, {used}", { used: 3, limit: 10 }), "3 of 10, 3");
});

test("an unknown placeholder stays", () => {
  assert.equal(interpolate("{name} and {other}", { name: "a" }), "a and {other}");
});

test("a value is put in as it is", () => {
  assert.equal(interpolate("Removed: {name}", { name: "$& {name} $1.pdf" }), "Removed: $& {name} $1.pdf");
});

test("only names that were given count, not what every object has", () => {
  assert.equal(interpolate("{toString}", {}), "{toString}");
});
