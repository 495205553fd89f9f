// The navigation above a long form: marks the visible part and the parts with errors.
import { getAll } from "./dom.js";

// Where the browser has scrolled to after a link within the page was followed.
const SCROLLED_MS = 200;

/** @param {HTMLElement} line */
function startLine(line) {
  const links = getAll(line, "a", HTMLAnchorElement);
  /** @type {(Element | null)[]} */
  const parts = links.map((link) => document.getElementById(link.hash.slice(1)));

  /** @param {number} current */
  const mark = (current) => {
    for (const [number, link] of links.entries()) {
      link.toggleAttribute("data-passed", number < current);
      if (number === current) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
  };
  // The part under a line a third of the way down is the current one.
  const seen = new IntersectionObserver(
    (changes) => {
      for (const change of changes) {
        if (change.isIntersecting) mark(parts.indexOf(change.target));
      }
    },
    { rootMargin: "-33% 0px -66% 0px" },
  );
  for (const [number, link] of links.entries()) {
    const part = parts[number];
    if (!part) continue;
    link.toggleAttribute("data-bad", part.querySelector(".field-bad") !== null);
    seen.observe(part);
    // A field focused by keyboard may be elsewhere than that line, and the last part may never reach it.
    part.addEventListener("focusin", () => mark(number));
    link.addEventListener("click", () => setTimeout(() => mark(number), SCROLLED_MS));
  }
  mark(0);
}

export function startFormParts() {
  getAll(document, ".parts").forEach(startLine);
}
