// Shows what part of a photo the sliders choose, and lets it be dragged. Without a script the sliders alone do it.
function crop(stage) {
  const picture = stage.querySelector("img");
  const { x, y, zoom } = stage.closest("form").elements;
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  const wide = Number(picture.getAttribute("width"));
  const high = Number(picture.getAttribute("height"));

  function show() {
    const cut = (Math.min(wide, high) / zoom.value) * 100;
    const scale = stage.clientWidth / cut;
    const left = clamp((x.value / 100) * wide - cut / 2, wide - cut);
    const top = clamp((y.value / 100) * high - cut / 2, high - cut);
    picture.style.width = `${wide * scale}px`;
    picture.style.height = `${high * scale}px`;
    picture.style.transform = `translate(${-left * scale}px, ${-top * scale}px)`;
    return { scale, middle: { x: left + cut / 2, y: top + cut / 2 } };
  }
  stage.addEventListener("pointerdown", (event) => {
    const { scale, middle } = show();
    const from = { x: event.clientX, y: event.clientY };
    const move = (now) => {
      x.value = ((middle.x - (now.clientX - from.x) / scale) / wide) * 100;
      y.value = ((middle.y - (now.clientY - from.y) / scale) / high) * 100;
      show();
    };
    const end = () => stage.removeEventListener("pointermove", move);
    stage.setPointerCapture(event.pointerId);
    stage.addEventListener("pointermove", move);
    for (const over of ["pointerup", "pointercancel"]) stage.addEventListener(over, end, { once: true });
  });
  for (const slider of [x, y, zoom]) slider.addEventListener("input", show);
  new ResizeObserver(show).observe(stage);
  stage.classList.add("crop-live");
  show();
}
document.querySelectorAll("[data-crop]").forEach(crop);
