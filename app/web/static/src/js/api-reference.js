// Starts Swagger UI under a strict Content-Security-Policy, with the CSRF token on every call that it makes.
import { csrfToken } from "./csrf.js";
import { get, setting } from "./dom.js";

/** @typedef {{ headers: Record<string, string> }} ApiRequest */
/** @typedef {Window & { SwaggerUIBundle: (options: object) => void }} SwaggerWindow */

/** Show Swagger UI in the theme of the page, whenever that changes. */
function followTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const update = () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    root.classList.toggle("dark-mode", isDark);
  };
  update();
  system.addEventListener("change", update);
  new MutationObserver(update).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
}

const holder = get(document, "#api-reference");
const { SwaggerUIBundle } = /** @type {SwaggerWindow} */ (/** @type {unknown} */ (window));

followTheme();
SwaggerUIBundle({
  domNode: holder,
  url: setting(holder, "openapi"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  requestInterceptor: (/** @type {ApiRequest} */ request) => {
    const token = csrfToken(document.cookie);
    if (token) request.headers["X-CSRF-TOKEN"] = token;
    return request;
  },
});
