// Uploads files while the rest of the form is being typed: in pieces, with progress, going on after a broken line.
// Without a script the plain file input sends them with the form.
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
  // A next version stands before the file that it replaces; that one is hidden, and comes back if the new one does not.
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
          // The line broke: what arrived stays, and the next try asks how much that is.
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
