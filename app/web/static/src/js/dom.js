// Typed access to what the templates render.

/**
 * Return the first element that matches, or null.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} scope
 * @param {string} selector
 * @param {new () => T} [type] the class that the template gives it
 * @returns {T | null}
 */
export function find(scope, selector, type) {
  const found = scope.querySelector(selector);
  return found instanceof (type ?? HTMLElement) ? /** @type {T} */ (found) : null;
}

/**
 * Return the first element that matches; the template always renders one.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} scope
 * @param {string} selector
 * @param {new () => T} [type]
 * @returns {T}
 */
export function get(scope, selector, type) {
  const found = find(scope, selector, type);
  if (!found) throw new Error(`The page has no ${selector}`);
  return found;
}

/**
 * Return every element that matches and is of that class.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} scope
 * @param {string} selector
 * @param {new () => T} [type]
 * @returns {T[]}
 */
export function getAll(scope, selector, type) {
  const found = [...scope.querySelectorAll(selector)];
  return /** @type {T[]} */ (found.filter((item) => item instanceof (type ?? HTMLElement)));
}

/**
 * Return a `data-` attribute; the template always sets it.
 * @param {HTMLElement} element
 * @param {string} name as in `dataset`
 * @returns {string}
 */
export function setting(element, name) {
  const value = element.dataset[name];
  if (value === undefined) throw new Error(`The page has no data-${name}`);
  return value;
}

/**
 * Return the language of the page.
 * @returns {string}
 */
export function language() {
  return document.documentElement.lang;
}

/**
 * Return what a form without files would send.
 * @param {HTMLFormElement} form
 * @returns {URLSearchParams}
 */
export function formBody(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  return body;
}

/**
 * Send a form without leaving the page.
 * @param {HTMLFormElement} form
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export function post(form, options) {
  return fetch(form.action, { method: "POST", body: formBody(form), redirect: "manual", ...options });
}
