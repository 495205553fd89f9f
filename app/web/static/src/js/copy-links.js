// Buttons that copy an address.
import { get, getAll, setting } from "./dom.js";

const SHOWN_MS = 2000;

export function startCopyLinks() {
  for (const button of getAll(document, "[data-copy]")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(new URL(setting(button, "copy"), location.href).href);
      const label = get(button, "span");
      const before = label.textContent;
      label.textContent = setting(button, "done");
      setTimeout(() => {
        label.textContent = before;
      }, SHOWN_MS);
    });
  }
}
