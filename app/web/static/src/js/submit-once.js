// Sends a form once, however often its button is clicked.
import { find, getAll } from "./dom.js";

export function startSubmitOnce() {
  for (const form of getAll(document, "form[method=post]", HTMLFormElement)) {
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "1";
      event.submitter?.setAttribute("aria-busy", "true");
    });
  }
  // The browser may bring the page back as it was left.
  addEventListener("pageshow", () => {
    for (const form of getAll(document, "form[data-sent]", HTMLFormElement)) {
      delete form.dataset.sent;
      find(form, "[aria-busy]")?.removeAttribute("aria-busy");
    }
  });
}
