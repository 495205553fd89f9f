// Which part of a picture a square cut shows.

/** @typedef {{ width: number, height: number }} Size in pixels of the picture */
/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ x: number, y: number, zoom: number }} Choice the middle in per cent; how many times the cut is enlarged */
/** @typedef {{ scale: number, left: number, top: number, middle: Point }} Cut corner and middle in the picture's pixels */

/**
 * @param {number} value
 * @param {number} most
 * @returns {number} the value, at least 0 and at most the other
 */
function clamp(value, most) {
  return Math.min(Math.max(value, 0), most);
}

/**
 * Return the cut that a choice means; it never leaves the picture.
 * @param {Size} picture
 * @param {Choice} choice
 * @param {number} stage how wide the square is on the screen
 * @returns {Cut}
 */
export function cutOf({ width, height }, { x, y, zoom }, stage) {
  const side = (Math.min(width, height) / zoom) * 100;
  const left = clamp((x / 100) * width - side / 2, width - side);
  const top = clamp((y / 100) * height - side / 2, height - side);
  return { scale: stage / side, left, top, middle: { x: left + side / 2, y: top + side / 2 } };
}

/**
 * Return the middle, in per cent, after the picture was dragged.
 * @param {Size} picture
 * @param {Cut} cut where the drag began
 * @param {Point} moved how far, in pixels of the screen
 * @returns {Point}
 */
export function draggedMiddle({ width, height }, { scale, middle }, moved) {
  return { x: ((middle.x - moved.x / scale) / width) * 100, y: ((middle.y - moved.y / scale) / height) * 100 };
}
