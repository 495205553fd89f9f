// The form that verifies a bundle: it reads the chosen files here, and shows the answer. Nothing is sent.
import { checkBundle } from "./bundle-check.js";
import { readZip } from "./bundle-zip.js";

/**
 * Return the text of an answer in the language of the page, from the attributes of the form.
 * @param {HTMLFormElement} form
 * @param {string} reason
 * @param {string} place
 */
function textOf(form, reason, place) {
  const texts = JSON.parse(form.dataset.texts ?? "{}");
  return String(texts[reason] ?? reason).replace("{place}", place);
}

/** @param {HTMLFormElement} form */
async function answer(form) {
  const said = new FormData(form);
  const [zip, kept] = [said.get("bundle"), said.get("kept")];
  if (!(zip instanceof File) || !zip.size) {
    return { result: "unsure", reason: "files", place: "" };
  }
  try {
    const files = await readZip(await zip.arrayBuffer());
    return await checkBundle(files, kept instanceof File && kept.size ? await kept.text() : null);
  } catch {
    return { result: "unsure", reason: "files", place: "" };
  }
}

/** Verify the bundle of each such form when it is submitted. */
export function startBundleForms() {
  for (const form of document.querySelectorAll("form[data-bundle]")) {
    const output = form.querySelector("output");
    if (form instanceof HTMLFormElement && output) {
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        output.textContent = textOf(form, "working", "");
        const { result, reason, place } = await answer(form);
        output.dataset.result = result;
        output.textContent = textOf(form, reason, place);
      });
    }
  }
}
