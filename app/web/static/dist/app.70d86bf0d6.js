{
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
}
{
for (const area of document.querySelectorAll("[data-count]")) {
const counter = document.getElementById(`count-${area.name}`);
const limit = Number(area.dataset.count);
const tell = () => {
const used = [...area.value].length;
counter.textContent = counter.dataset.template.replace("{used}", used).replace("{limit}", limit);
counter.dataset.over = String(used > limit);
};
if (counter) {
area.addEventListener("input", tell);
tell();
}
}
for (const box of document.querySelectorAll("[data-password]")) {
const input = box.querySelector("input");
const button = box.querySelector("[data-password-toggle]");
button.addEventListener("click", () => {
const shown = input.type === "text";
input.type = shown ? "password" : "text";
button.setAttribute("aria-pressed", String(!shown));
input.focus();
});
input.form?.addEventListener("submit", () => (input.type = "password"));
if (input.dataset.strength) watchStrength(input);
}
function watchStrength(input) {
const target = document.getElementById(input.dataset.strengthInto);
let timer = 0;
let asked = null;
input.addEventListener("input", () => {
clearTimeout(timer);
asked?.abort();
if (!input.value) {
target.replaceChildren();
return;
}
timer = setTimeout(async () => {
asked = new AbortController();
const body = new URLSearchParams(new FormData(input.form));
body.set("password", input.value);
try {
const answer = await fetch(input.dataset.strength, { method: "POST", body, signal: asked.signal, headers: { Accept: "text/html" } });
if (!answer.ok) return;
const page = new DOMParser().parseFromString(await answer.text(), "text/html");
target.replaceChildren(...page.body.childNodes);
} catch {
}
}, 250);
});
}
const plain = (text) => text.toLocaleLowerCase().replaceAll("ё", "е");
for (const picker of document.querySelectorAll("[data-picker]")) {
const search = picker.querySelector("[data-picker-search]");
const chosen = picker.querySelector("[data-picker-chosen]");
const none = picker.querySelector("[data-picker-none]");
const rows = [...picker.querySelectorAll("label.check")].map((row) => ({
row,
input: row.querySelector("input"),
words: plain(`${row.textContent} ${row.dataset.words ?? ""}`),
}));
const limit = Number(picker.dataset.limit || 0);
const filter = () => {
const typed = plain(search.value.trim());
let shown = 0;
for (const { row, words } of rows) {
row.hidden = typed !== "" && !words.includes(typed);
if (!row.hidden) shown += 1;
}
none.hidden = shown > 0;
};
const show = () => {
const picked = rows.filter(({ input }) => input.checked);
chosen.replaceChildren(
...picked.map(({ row, input }) => {
const name = row.textContent.trim();
const button = document.createElement("button");
button.type = "button";
button.className = "chip chip-on";
button.textContent = `${name} ×`;
button.setAttribute("aria-label", picker.dataset.remove.replace("{name}", name));
button.addEventListener("click", () => {
input.checked = false;
show();
search.focus();
});
return button;
}),
);
if (limit) for (const { input } of rows) input.disabled = !input.checked && picked.length >= limit;
};
search.addEventListener("input", filter);
search.addEventListener("keydown", (event) => {
if (event.key !== "Enter") return;
event.preventDefault();
const first = rows.find(({ row, input }) => !row.hidden && !input.disabled);
if (!first || !search.value.trim()) return;
first.input.checked = true;
search.value = "";
filter();
show();
});
picker.addEventListener("change", show);
show();
}
for (const line of document.querySelectorAll(".parts")) {
const links = [...line.querySelectorAll("a")];
const parts = links.map((link) => document.getElementById(link.hash.slice(1)));
const stand = (place) =>
links.forEach((link, number) => {
link.toggleAttribute("data-passed", number < place);
if (number === place) link.setAttribute("aria-current", "step");
else link.removeAttribute("aria-current");
});
links.forEach((link, number) => link.toggleAttribute("data-bad", parts[number].querySelector(".field-bad") !== null));
const seen = new IntersectionObserver(
(changes) => changes.filter((change) => change.isIntersecting).forEach((change) => stand(parts.indexOf(change.target))),
{ rootMargin: "-33% 0px -66% 0px" },
);
parts.forEach((part) => seen.observe(part));
parts.forEach((part, number) => part.addEventListener("focusin", () => stand(number)));
links.forEach((link, number) => link.addEventListener("click", () => setTimeout(() => stand(number), 200)));
stand(0);
}
for (const form of document.querySelectorAll("form[method=post]")) {
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
addEventListener("pageshow", () => {
for (const form of document.querySelectorAll("form[data-sent]")) {
delete form.dataset.sent;
form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
}
});
}
{
const PREFIX = "draft:";
const KEEP_MS = 30 * 24 * 3600 * 1000;
const SKIPPED = new Set(["password", "hidden", "file", "submit", "button", "reset"]);
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
function load(key) {
try {
const kept = JSON.parse(localStorage.getItem(key) ?? "null");
return kept && Date.now() - kept.at < KEEP_MS ? kept : null;
} catch {
return null;
}
}
function store(key, kept) {
try {
localStorage.setItem(key, JSON.stringify(kept));
return true;
} catch {
return false;
}
}
function forget(key) {
try {
localStorage.removeItem(key);
} catch {
}
}
function keptKeys(of = "") {
try {
return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX + of));
} catch {
return [];
}
}
for (const key of keptKeys()) if (!load(key)) forget(key);
for (const mark of document.querySelectorAll("[data-draft-done]")) forget(PREFIX + mark.dataset.draftDone);
for (const button of document.querySelectorAll("[data-draft-account]")) {
const ask = (event) => {
const keys = keptKeys(`${button.dataset.draftAccount}:`);
if (keys.length === 0) return;
if (confirm(button.dataset.draftWarning)) keys.forEach(forget);
else event.preventDefault();
};
button.form?.addEventListener("submit", ask, { capture: true });
}
const isBox = (item) => item.type === "checkbox" || item.type === "radio";
const fieldsOf = (form) =>
[...form.elements].filter((item) => item.name && "value" in item && !SKIPPED.has(item.type) && item.tagName !== "BUTTON");
function read(form, initial = false) {
const values = {};
for (const item of fieldsOf(form)) {
let value = item.value;
if (isBox(item)) {
if (!(initial ? item.defaultChecked : item.checked)) continue;
} else if (initial) {
const first = item.options && ([...item.options].find((option) => option.defaultSelected) ?? item.options[0]);
value = item.options ? (first?.value ?? "") : item.defaultValue;
}
(values[item.name] ??= []).push(value);
}
return values;
}
function write(form, values) {
const left = structuredClone(values);
for (const item of fieldsOf(form)) {
if (isBox(item)) item.checked = (values[item.name] ?? []).includes(item.value);
else item.value = left[item.name]?.shift() ?? "";
item.dispatchEvent(new Event("input", { bubbles: true }));
}
for (const picker of form.querySelectorAll("[data-picker]")) picker.dispatchEvent(new Event("change"));
}
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
function keepDraft(form) {
const key = PREFIX + form.dataset.autosave;
const notice = form.querySelector("[data-draft-notice]");
const words = notice.querySelector("[data-draft-words]");
const button = notice.querySelector("button");
const note = form.querySelector("[data-draft-note]");
const base = form.dataset.autosaveBase ?? "";
const before = read(form, true);
const refused = Boolean(form.querySelector(".summary"));
let kept = load(key);
let quiet = false;
let timer = 0;
const fill = (values) => {
quiet = true;
write(form, values);
quiet = false;
};
const tell = (state, at) => {
notice.hidden = false;
notice.dataset.state = state;
words.textContent = notice.dataset[state].replace("{when}", moment.format(at));
button.querySelector("span").textContent = state === "restored" ? notice.dataset.discard : notice.dataset.back;
};
const save = () => {
clearTimeout(timer);
timer = 0;
const values = read(form);
note.hidden = false;
if (!refused && same(values, before)) {
forget(key);
note.hidden = true;
} else if (store(key, { at: Date.now(), base, values })) {
note.textContent = note.dataset.kept.replace("{when}", clock.format(Date.now()));
} else {
note.textContent = note.dataset.refused;
}
};
if (kept && !refused && same(kept.values, before)) {
forget(key);
} else if (kept && !refused) {
if (kept.base === base) fill(kept.values);
tell(kept.base === base ? "restored" : "changed", kept.at);
}
button.addEventListener("click", () => {
if (notice.dataset.state === "restored") {
kept = { at: Date.now(), base, values: read(form) };
fill(before);
forget(key);
note.hidden = true;
tell("discarded", kept.at);
} else {
fill(kept.values);
store(key, { ...kept, base });
tell("restored", kept.at);
}
});
form.addEventListener("input", () => {
if (quiet) return;
clearTimeout(timer);
timer = setTimeout(save, 400);
});
const hurry = () => timer && save();
form.addEventListener("submit", hurry);
addEventListener("pagehide", hurry);
document.addEventListener("visibilitychange", () => document.hidden && hurry());
}
document.querySelectorAll("form[data-autosave]").forEach(keepDraft);
}
{
const spoken = document.documentElement.lang;
const folded = (text) => text.trim().toLocaleLowerCase().replaceAll("ё", "е");
function combobox(box, address, { typed, offer, take }) {
const input = box.querySelector("input");
const list = box.querySelector("[role=listbox]");
const status = box.querySelector("[role=status]");
const known = new Map();
let options = [];
let active = -1;
let timer = 0;
let asked = null;
const close = () => {
clearTimeout(timer);
asked?.abort();
list.hidden = true;
active = -1;
input.setAttribute("aria-expanded", "false");
input.removeAttribute("aria-activedescendant");
};
const point = (index) => {
active = index;
options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
if (index < 0) input.removeAttribute("aria-activedescendant");
else {
input.setAttribute("aria-activedescendant", options[index].id);
options[index].scrollIntoView({ block: "nearest" });
}
};
const choose = (option) => {
take(option);
close();
status.textContent = box.dataset.taken.replace("{name}", option.name);
};
const show = (found) => {
options = found.map((option, index) => {
const row = document.createElement("li");
row.id = `${input.id}-option-${index}`;
row.role = "option";
row.textContent = option.name;
if (option.note) {
const note = document.createElement("small");
note.textContent = option.note;
row.append(" ", note);
}
row.setAttribute("aria-selected", "false");
row.addEventListener("pointerdown", (event) => event.preventDefault());
row.addEventListener("click", () => choose(option));
row.chosen = () => choose(option);
return row;
});
list.replaceChildren(...options);
list.hidden = options.length === 0;
input.setAttribute("aria-expanded", String(options.length > 0));
status.textContent = options.length ? box.dataset.found.replace("{count}", options.length) : box.dataset.none;
point(-1);
};
const ask = async () => {
const text = typed();
if (!text || text.length > 60) return close();
if (!known.has(text)) {
asked = new AbortController();
try {
const answer = await fetch(`${address}?${new URLSearchParams({ q: text })}`, { signal: asked.signal });
if (!answer.ok) return close();
known.set(text, (await answer.json()).items);
} catch {
return close(); // The next key asks again; what was typed stays.
}
if (document.activeElement !== input || typed() !== text) return;
}
show(offer(known.get(text)));
};
input.role = "combobox";
input.setAttribute("aria-autocomplete", "list");
input.setAttribute("aria-expanded", "false");
input.setAttribute("aria-controls", list.id);
input.addEventListener("input", (event) => {
clearTimeout(timer);
asked?.abort();
if (event.isTrusted) timer = setTimeout(ask, 150);
});
input.addEventListener("blur", close);
input.addEventListener("keydown", (event) => {
if (event.isComposing) return;
const open = !list.hidden;
const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
if (step) {
event.preventDefault();
if (!open) ask();
else point(((active + 1 + step + options.length + 1) % (options.length + 1)) - 1);
} else if (event.key === "Enter" && open && active >= 0) {
event.preventDefault();
options[active].chosen();
} else if (event.key === "Escape" && open) {
event.preventDefault();
event.stopPropagation();
close();
}
});
}
for (const box of document.querySelectorAll("[data-suggest]")) {
const input = box.querySelector("input");
const before = () => input.value.split(",").slice(0, -1).map((part) => part.trim()).filter(Boolean);
combobox(box, box.dataset.suggest, {
typed: () => input.value.split(",").at(-1).trim(),
offer(items) {
const taken = new Set(before().map(folded));
const options = items.map((item) => ({ name: item[`name_${spoken}`] ?? item.name }));
return options.filter((option) => !taken.has(folded(option.name)));
},
take(option) {
input.value = `${[...before(), option.name].join(", ")}, `;
input.dispatchEvent(new Event("input", { bubbles: true }));
},
});
}
for (const box of document.querySelectorAll("[data-places]")) {
const input = box.querySelector("input");
combobox(box, box.dataset.places, {
typed: () => input.value.trim(),
offer: (items) => items.map((item) => ({ ...item, note: item.within })),
take: (option) => location.assign(`${box.action}?${new URLSearchParams({ [option.filter]: option.slug })}`),
});
}
}
{
const TRIES = 8;
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
function uploads(field) {
const { uploads: api, kind, name } = field.dataset;
const list = field.querySelector("[data-file-list]");
const input = field.querySelector("input[type=file]");
const status = field.querySelector("[data-file-status]");
const drop = field.querySelector(".drop");
const form = input.form;
const token = () => form.querySelector("input[name=csrf_token]").value;
const say = (words, about = "") => (status.textContent = words.replace("{name}", about));
let busy = 0;
const ask = async (method, path, body) => {
const headers = { Accept: "application/json", "X-CSRF-TOKEN": token() };
if (body) headers["Content-Type"] = "application/json";
const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
return answer.status === 204 ? null : { status: answer.status, ...(await answer.json()) };
};
const send = (id, file, offset, progress) =>
new Promise((done, failed) => {
const request = new XMLHttpRequest();
request.open("PATCH", `${api}/uploads/${id}`);
request.setRequestHeader("Content-Type", "application/offset+octet-stream");
request.setRequestHeader("Upload-Offset", offset);
request.setRequestHeader("X-CSRF-TOKEN", token());
request.upload.onprogress = (event) => progress((offset + event.loaded) / file.size);
request.onload = () => done(request.status);
request.onerror = request.ontimeout = failed;
request.send(file.slice(offset));
});
function row(file) {
const made = field.querySelector("[data-file-row]").content.cloneNode(true).firstElementChild;
made.querySelector("[data-file-name]").textContent = file.name;
list.append(made);
wire(made);
return made;
}
function wire(item) {
item.querySelector("[data-file-remove]").addEventListener("click", () => {
item.removed = true;
giveBack(item);
say(field.dataset.removed, item.querySelector("[data-file-name]").textContent);
(item.nextElementSibling || item.previousElementSibling)?.querySelector("[data-file-remove]").focus();
item.remove();
});
item.querySelector("[data-file-up]").addEventListener("click", (event) => {
let above = item.previousElementSibling;
while (above?.hidden) above = above.previousElementSibling;
above?.before(item);
event.currentTarget.focus();
});
item.querySelector("[data-file-renew]")?.addEventListener("click", () => renew(item));
if (["processing", "quarantined"].includes(item.dataset.state)) watch(item);
}
function show(item, state, words) {
item.dataset.state = state;
item.querySelector("[data-file-note]").textContent = words || item.about || "";
if (state === "refused") giveBack(item);
}
function renew(item) {
const chooser = Object.assign(document.createElement("input"), { type: "file", accept: input.accept });
chooser.addEventListener("change", () => {
const fresh = row(chooser.files[0]);
fresh.about = field.dataset.instead.replace("{name}", item.querySelector("[data-file-name]").textContent);
fresh.old = item;
item.before(fresh);
item.hidden = true;
begin(fresh, chooser.files[0]);
fresh.querySelector("[data-file-remove]").focus();
});
chooser.click();
}
function giveBack(item) {
if (!item.old) return;
item.old.hidden = false;
item.old.querySelector("[data-file-id]").disabled = false;
item.old = null;
}
async function watch(item) {
const id = item.querySelector("[data-file-id]").value;
for (let wait = 700; !item.removed && wait < 60000; wait *= 1.4) {
await rest(wait);
const file = await ask("GET", `/${id}`).catch(() => null);
if (!file || file.status === undefined) continue;
if (file.status === "processing" || file.status === "quarantined") {
show(item, file.status, file.status === "processing" ? field.dataset.checking : field.dataset.quarantined);
continue;
}
show(item, file.status, file.note);
item.querySelector("[data-file-id]").disabled = file.status !== "ready";
if (file.note) say(`${file.name}: ${file.note}`);
if (file.preview_url) {
const picture = new Image(44, 44);
picture.alt = "";
picture.src = file.preview_url;
item.querySelector("[data-file-picture]").replaceChildren(picture);
}
return;
}
}
async function upload(item, file) {
const bar = item.querySelector("progress");
const again = item.querySelector("[data-file-again]");
const replaces = item.old?.querySelector("[data-file-id]").value;
const kept = `upload:${kind}:${file.name}:${file.size}:${file.lastModified}:${replaces || ""}`;
let id = sessionStorage.getItem(kept);
busy += 1;
again.hidden = true;
bar.hidden = false;
try {
for (let tried = 0; tried < TRIES && !item.removed; tried += 1) {
try {
if (!id) {
const made = await ask("POST", "/uploads", { kind, name: file.name, size: file.size, replaces });
if (made.status !== 201) return show(item, "refused", made.detail);
id = made.id;
sessionStorage.setItem(kept, id);
}
const known = await ask("GET", `/uploads/${id}`);
if (known.status === 404) {
id = null;
continue;
}
show(item, "uploading", "");
const ended = known.whole ? 200 : await send(id, file, known.offset, (part) => (bar.value = part));
if (ended === 200) {
const hidden = item.querySelector("[data-file-id]");
Object.assign(hidden, { name, value: id, disabled: false });
if (item.old) item.old.querySelector("[data-file-id]").disabled = true;
sessionStorage.removeItem(kept);
bar.hidden = true;
show(item, "processing", field.dataset.checking);
say(field.dataset.added, file.name);
watch(item);
return;
}
if (ended === 413 || ended === 415 || ended === 422) break;
} catch {
}
show(item, "waiting", field.dataset.lost);
await rest(Math.min(30000, 500 * 2 ** tried));
}
if (!item.removed) {
show(item, "stopped", field.dataset.stopped);
again.hidden = false;
again.onclick = () => upload(item, file);
}
} finally {
busy -= 1;
if (item.removed && id) ask("DELETE", `/uploads/${id}`).catch(() => {});
}
}
function take(files) {
for (const file of files) begin(row(file), file);
}
function begin(item, file) {
const shown = list.querySelectorAll("[data-file]:not([hidden])").length;
if (shown > Number(field.dataset.mostFiles)) show(item, "refused", field.dataset.full);
else if (file.size > Number(field.dataset.mostBytes)) show(item, "refused", field.dataset.large);
else upload(item, file);
}
list.querySelectorAll("[data-file]").forEach(wire);
input.addEventListener("change", () => {
take([...input.files]);
input.value = "";
});
for (const over of ["dragover", "dragleave", "drop"]) {
drop.addEventListener(over, (event) => {
event.preventDefault();
drop.toggleAttribute("data-over", over === "dragover");
if (over === "drop") take([...event.dataTransfer.files]);
});
}
form.addEventListener(
"submit",
(event) => {
if (!busy) return;
event.preventDefault();
event.stopImmediatePropagation();
say(field.dataset.wait);
status.classList.remove("sr");
},
true,
);
}
document.querySelectorAll("[data-uploads]").forEach(uploads);
}
{
for (const form of document.querySelectorAll("form[data-seen]")) {
const tell = () => {
if (document.visibilityState !== "visible") return;
document.removeEventListener("visibilitychange", tell);
fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual", keepalive: true }).catch(() => {});
};
document.addEventListener("visibilitychange", tell);
tell();
}
}
{
function crop(stage) {
const picture = stage.querySelector("img");
const { x, y, zoom } = stage.closest("form").elements;
const clamp = (value, most) => Math.min(Math.max(value, 0), most);
const wide = Number(picture.getAttribute("width"));
const high = Number(picture.getAttribute("height"));
function show() {
const cut = (Math.min(wide, high) / zoom.value) * 100;
const scale = stage.clientWidth / cut;
const left = clamp((x.value / 100) * wide - cut / 2, wide - cut);
const top = clamp((y.value / 100) * high - cut / 2, high - cut);
picture.style.width = `${wide * scale}px`;
picture.style.height = `${high * scale}px`;
picture.style.transform = `translate(${-left * scale}px, ${-top * scale}px)`;
return { scale, middle: { x: left + cut / 2, y: top + cut / 2 } };
}
stage.addEventListener("pointerdown", (event) => {
const { scale, middle } = show();
const from = { x: event.clientX, y: event.clientY };
const move = (now) => {
x.value = ((middle.x - (now.clientX - from.x) / scale) / wide) * 100;
y.value = ((middle.y - (now.clientY - from.y) / scale) / high) * 100;
show();
};
const end = () => stage.removeEventListener("pointermove", move);
stage.setPointerCapture(event.pointerId);
stage.addEventListener("pointermove", move);
for (const over of ["pointerup", "pointercancel"]) stage.addEventListener(over, end, { once: true });
});
for (const slider of [x, y, zoom]) slider.addEventListener("input", show);
new ResizeObserver(show).observe(stage);
stage.classList.add("crop-live");
show();
}
document.querySelectorAll("[data-crop]").forEach(crop);
}
{
const talk = document.querySelector("ol[data-talk][data-live]");
const hours = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const LOOKED_AT_MS = 5000;
const LEFT_MS = 30000;
function ownClock(scope) {
for (const time of scope.querySelectorAll("time[data-clock]")) {
const at = new Date(time.dateTime);
if (!Number.isNaN(at.getTime())) time.textContent = hours.format(at);
}
}
if (talk) {
const reading = document.getElementById("talk-read");
const title = document.title;
let unseen = 0;
let timer = 0;
const sayRead = () => {
reading.elements.number.value = talk.dataset.last;
fetch(reading.action, { method: "POST", body: new URLSearchParams(new FormData(reading)), redirect: "manual", keepalive: true }).catch(() => {});
};
const markRead = (number) => {
for (const line of talk.querySelectorAll("[data-mine]")) {
line.querySelector(".talk-read").hidden = Number(line.dataset.number) > number;
}
};
const add = (news) => {
const days = new Set([...talk.querySelectorAll("[data-day]")].map((item) => item.dataset.day));
let came = 0;
for (const item of [...news.children]) {
if (item.dataset.day && days.has(item.dataset.day)) continue;
if (item.id && document.getElementById(item.id)) continue;
if (item.dataset.number && !("mine" in item.dataset)) came += 1;
talk.append(item);
}
ownClock(talk);
return came;
};
const look = async () => {
try {
const answer = await fetch(`${talk.dataset.talk}/after/${talk.dataset.last}`, { redirect: "error" });
if (!answer.ok) return;
const news = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ol");
if (!news) return;
const atEnd = innerHeight + scrollY > document.documentElement.scrollHeight - 400;
const came = add(news);
talk.dataset.last = news.dataset.last;
markRead(Number(news.dataset.read));
if (came === 0) return;
if (document.visibilityState === "visible") sayRead();
else document.title = `(${(unseen += came)}) ${title}`;
if (atEnd) talk.lastElementChild.scrollIntoView({ block: "nearest" });
} catch {
} finally {
wait();
}
};
const wait = () => {
clearTimeout(timer);
timer = setTimeout(look, document.visibilityState === "visible" ? LOOKED_AT_MS : LEFT_MS);
};
document.addEventListener("visibilitychange", () => {
if (document.visibilityState !== "visible") return;
if (unseen) sayRead();
unseen = 0;
document.title = title;
clearTimeout(timer);
look();
});
wait();
}
ownClock(document);
for (const form of document.querySelectorAll("[data-talk-form]")) {
form.elements.text.addEventListener("keydown", (event) => {
if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
}
}
