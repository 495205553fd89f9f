// Shows what part of a photo the sliders choose, and lets it be dragged. Without a script the sliders alone do it.
import { cutOf, draggedMiddle } from "./crop-geometry.js";
import { get, getAll } from "./dom.js";

/** @param {HTMLElement} stage */
function startCrop(stage) {
  const form = stage.closest("form");
  if (!form) return;
  const picture = get(stage, "img", HTMLImageElement);
  const x = get(form, "[name=x]", HTMLInputElement);
  const y = get(form, "[name=y]", HTMLInputElement);
  const zoom = get(form, "[name=zoom]", HTMLInputElement);
  const size = { width: Number(picture.getAttribute("width")), height: Number(picture.getAttribute("height")) };

  const show = () => {
    const choice = { x: Number(x.value), y: Number(y.value), zoom: Number(zoom.value) };
    const cut = cutOf(size, choice, stage.clientWidth);
    picture.style.width = `${size.width * cut.scale}px`;
    picture.style.height = `${size.height * cut.scale}px`;
    picture.style.transform = `translate(${-cut.left * cut.scale}px, ${-cut.top * cut.scale}px)`;
    return cut;
  };
  stage.addEventListener("pointerdown", (from) => {
    const cut = show();
    /** @param {PointerEvent} now */
    const move = (now) => {
      const moved = { x: now.clientX - from.clientX, y: now.clientY - from.clientY };
      const middle = draggedMiddle(size, cut, moved);
      x.value = String(middle.x);
      y.value = String(middle.y);
      show();
    };
    const end = () => stage.removeEventListener("pointermove", move);
    stage.setPointerCapture(from.pointerId);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", end, { once: true });
    stage.addEventListener("pointercancel", end, { once: true });
  });
  for (const slider of [x, y, zoom]) slider.addEventListener("input", show);
  new ResizeObserver(show).observe(stage);
  stage.classList.add("crop-live");
  show();
}

export function startCrops() {
  getAll(document, "[data-crop]").forEach(startCrop);
}
