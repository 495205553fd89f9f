// The square crop of a photo.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutOf, draggedMiddle } from "../../app/web/static/src/js/crop-geometry.js";

const WIDE = { width: 800, height: 400 };
const STAGE = 200;

test("unzoomed, the cut is the largest square in the middle", () => {
  const cut = cutOf(WIDE, { x: 50, y: 50, zoom: 100 }, STAGE);
  assert.deepEqual(cut, { scale: 0.5, left: 200, top: 0, middle: { x: 400, y: 200 } });
});

test("a cut twice as close shows half as much, twice as large", () => {
  const cut = cutOf(WIDE, { x: 50, y: 50, zoom: 200 }, STAGE);
  assert.deepEqual(cut, { scale: 1, left: 300, top: 100, middle: { x: 400, y: 200 } });
});

test("the cut never leaves the picture", () => {
  const corner = cutOf(WIDE, { x: 0, y: 0, zoom: 200 }, STAGE);
  assert.deepEqual([corner.left, corner.top], [0, 0]);
  const other = cutOf(WIDE, { x: 100, y: 100, zoom: 200 }, STAGE);
  assert.deepEqual([other.left, other.top], [600, 200]);
});

test("dragging the picture to the right moves the cut to the left", () => {
  const cut = cutOf(WIDE, { x: 50, y: 50, zoom: 200 }, STAGE);
  assert.deepEqual(draggedMiddle(WIDE, cut, { x: 80, y: -40 }), { x: 40, y: 60 });
  assert.deepEqual(draggedMiddle(WIDE, cut, { x: 0, y: 0 }), { x: 50, y: 50 });
});

test("a drag counts pixels of the screen, not of the picture", () => {
  const cut = cutOf(WIDE, { x: 50, y: 50, zoom: 100 }, STAGE);
  assert.deepEqual(draggedMiddle(WIDE, cut, { x: 80, y: 0 }), { x: 30, y: 50 });
});
