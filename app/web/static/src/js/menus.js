// Menus that close, dialogs that open, and sheets: menus that cover the screen of a phone.
import { find, get, getAll, setting } from "./dom.js";

const PHONE = "(max-width: 63.99rem)";
const FOCUSABLE = "a, button, input, select, textarea";

/** @param {HTMLDetailsElement} menu */
function close(menu) {
  menu.open = false;
  get(menu, "summary").focus();
}

/** @param {MouseEvent} event */
function closeMenusElsewhere(event) {
  for (const menu of getAll(document, "details[data-menu][open]", HTMLDetailsElement)) {
    if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
  }
}

/** @param {MouseEvent} event */
function toggleDialog(event) {
  if (!(event.target instanceof Element)) return;
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener instanceof HTMLElement && document.getElementById(setting(opener, "dialog"));
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  }
  // A click beside the dialog hits its backdrop, which is the element itself.
  if (event.target instanceof HTMLDialogElement) event.target.close();
}

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  if (event.key !== "Escape") return;
  const open = getAll(document, "details[data-menu][open], details[data-sheet][open]", HTMLDetailsElement);
  for (const menu of open) {
    if (!menu.matches("[data-sheet]") || matchMedia(PHONE).matches) close(menu);
  }
}

/** @returns {boolean} whether the place in the history is that of an open sheet */
function isSheetPlace() {
  return Boolean(history.state?.sheet);
}

/** @param {HTMLDetailsElement} sheet */
function startSheet(sheet) {
  const phone = matchMedia(PHONE);
  const closer = find(sheet, "[data-sheet-close]");
  closer?.addEventListener("click", () => close(sheet));
  sheet.addEventListener("toggle", () => {
    const shown = sheet.open && phone.matches;
    document.documentElement.classList.toggle("sheet-open", shown);
    if (shown) closer?.focus();
    // An open sheet is a place in the history, so that Back closes it instead of leaving the page.
    if (shown && !isSheetPlace()) history.pushState({ sheet: true }, "");
    if (!sheet.open && isSheetPlace()) history.back();
  });
  addEventListener("popstate", () => {
    if (phone.matches) sheet.open = isSheetPlace();
  });
  // The page was loaded again at the place of a sheet that was left by sending its form.
  if (!sheet.open && isSheetPlace()) history.back();
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !sheet.open || !phone.matches) return;
    const shown = getAll(sheet, FOCUSABLE).filter((item) => item.offsetParent);
    const [edge, other] = event.shiftKey ? [shown[0], shown.at(-1)] : [shown.at(-1), shown[0]];
    if (document.activeElement === edge) {
      event.preventDefault();
      other?.focus();
    }
  });
}

export function startMenus() {
  document.addEventListener("click", closeMenusElsewhere);
  document.addEventListener("click", toggleDialog);
  document.addEventListener("keydown", closeOnEscape);
  getAll(document, "details[data-sheet]", HTMLDetailsElement).forEach(startSheet);
}
