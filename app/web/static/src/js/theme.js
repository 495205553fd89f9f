// Changes the theme without loading the page again.
import { formBody, getAll, post } from "./dom.js";

export function startThemes() {
  const root = document.documentElement;
  for (const form of getAll(document, "[data-themes]", HTMLFormElement)) {
    form.addEventListener("submit", (event) => {
      const chosen = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
      if (!chosen) return;
      event.preventDefault();
      if (chosen === "system") delete root.dataset.theme;
      else root.dataset.theme = chosen;
      for (const button of getAll(form, "button", HTMLButtonElement)) {
        button.setAttribute("aria-pressed", String(button.value === chosen));
      }
      const body = formBody(form);
      body.set("theme", chosen);
      post(form, { body }).catch(() => form.submit());
    });
  }
}
