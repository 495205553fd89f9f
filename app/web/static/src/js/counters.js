// Says how many characters of the limit a text has.
import { setting } from "./dom.js";
import { countCharacters, interpolate } from "./text.js";

export function startCounters() {
  for (const area of document.querySelectorAll("[data-count]")) {
    if (!(area instanceof HTMLTextAreaElement || area instanceof HTMLInputElement)) continue;
    const counter = document.getElementById(`count-${area.name}`);
    if (!counter) continue;
    const limit = Number(setting(area, "count"));
    const update = () => {
      const used = countCharacters(area.value);
      counter.textContent = interpolate(setting(counter, "template"), { used, limit });
      counter.dataset.over = String(used > limit);
    };
    area.addEventListener("input", update);
    update();
  }
}
