// What every page does: themes without a reload, menus that close, dialogs, copied links, times in the reader's zone.
const root = document.documentElement;

for (const form of document.querySelectorAll("[data-themes]")) {
  form.addEventListener("submit", (event) => {
    const chosen = event.submitter?.value;
    if (!chosen) return;
    event.preventDefault();
    if (chosen === "system") delete root.dataset.theme;
    else root.dataset.theme = chosen;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === chosen));
    }
    const body = new URLSearchParams(new FormData(form));
    body.set("theme", chosen);
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => form.submit());
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details[data-menu][open], details[data-sheet][open]")) {
    if (open.matches("[data-sheet]") && !matchMedia("(max-width: 63.99rem)").matches) continue;
    open.open = false;
    open.querySelector("summary").focus();
  }
});

for (const sheet of document.querySelectorAll("details[data-sheet]")) {
  const phone = matchMedia("(max-width: 63.99rem)");
  const inside = () => [...sheet.querySelectorAll("a, button, input, select, textarea")].filter((item) => item.offsetParent);
  sheet.querySelector("[data-sheet-close]")?.addEventListener("click", () => {
    sheet.open = false;
    sheet.querySelector("summary").focus();
  });
  sheet.addEventListener("toggle", () => {
    const shown = sheet.open && phone.matches;
    root.classList.toggle("sheet-open", shown);
    if (shown) sheet.querySelector("[data-sheet-close]")?.focus();
  });
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !sheet.open || !phone.matches) return;
    const items = inside();
    const edge = event.shiftKey ? items[0] : items.at(-1);
    if (document.activeElement === edge) {
      event.preventDefault();
      (event.shiftKey ? items.at(-1) : items[0]).focus();
    }
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), 2000);
  });
}

document.querySelector("[data-focus]")?.focus();

const zone = new Intl.DateTimeFormat(root.lang, { dateStyle: "long", timeStyle: "short" });
const zoneName = new Intl.DateTimeFormat(root.lang, { timeZoneName: "short", hour: "numeric" });
for (const time of document.querySelectorAll("time[title]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  const name = zoneName.formatToParts(moment).find((part) => part.type === "timeZoneName")?.value ?? "";
  time.title = `${zone.format(moment)} ${name}`.trim();
  const spoken = time.querySelector(".sr");
  if (spoken) spoken.textContent = ` (${time.title})`;
}
