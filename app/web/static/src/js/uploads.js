// Uploads files while the rest of the form is being typed: with progress, going on after a broken connection.
// Without a script the plain file input sends them with the form.
import { get, getAll, setting } from "./dom.js";
import { FileRow } from "./file-row.js";
import { interpolate } from "./text.js";
import { UploadClient } from "./upload-client.js";
import { checkDelays, isFinal, MOST_TRIES, refusalOf, resumeKey, retryDelay } from "./upload-rules.js";

/** @typedef {{ status: string | number, name: string, note?: string, preview_url?: string }} CheckedFile */
/** @typedef {{ file: File, key: string, replaces: string | undefined, id: string | null }} Transfer */

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A field of a form that takes files. */
class UploadField {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.list = get(element, "[data-file-list]");
    this.input = get(element, "input[type=file]", HTMLInputElement);
    this.status = get(element, "[data-file-status]");
    this.kind = setting(element, "kind");
    const form = /** @type {HTMLFormElement} */ (this.input.form);
    const token = () => get(form, "input[name=csrf_token]", HTMLInputElement).value;
    this.client = new UploadClient(setting(element, "uploads"), token);
    /** How many uploads run. */
    this.busy = 0;
    for (const item of getAll(this.list, "[data-file]")) this.adopt(item);
    this.listen(form);
  }

  /** @param {HTMLFormElement} form */
  listen(form) {
    this.input.addEventListener("change", () => {
      this.take([...(this.input.files ?? [])]);
      this.input.value = "";
    });
    const drop = get(this.element, ".drop");
    for (const type of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
      drop.addEventListener(type, (event) => {
        event.preventDefault();
        drop.toggleAttribute("data-over", type === "dragover");
        if (type === "drop") this.take([...(event.dataTransfer?.files ?? [])]);
      });
    }
    // In the capture phase: before the handler that lets a form be sent once.
    form.addEventListener("submit", (event) => this.holdBack(event), { capture: true });
  }

  /** @param {SubmitEvent} event */
  holdBack(event) {
    if (!this.busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.announce("wait");
    this.status.classList.remove("sr");
  }

  /**
   * Return a text that the template brings.
   * @param {string} name as in `dataset`
   * @param {string} [about] the file it is about
   */
  text(name, about = "") {
    return interpolate(setting(this.element, name), { name: about });
  }

  /**
   * @param {string} name
   * @param {string} [about]
   */
  announce(name, about) {
    this.status.textContent = this.text(name, about);
  }

  /**
   * Make a row work that the server rendered or the template gave.
   * @param {HTMLElement} element
   */
  adopt(element) {
    const row = new FileRow(element, { remove: (item) => this.remove(item), renew: (item) => this.renew(item) });
    if (row.isInCheck) this.watch(row);
    return row;
  }

  /** @param {File} file */
  addRow(file) {
    const template = get(this.element, "[data-file-row]", HTMLTemplateElement);
    const element = template.content.firstElementChild?.cloneNode(true);
    const row = this.adopt(/** @type {HTMLElement} */ (element));
    row.name = file.name;
    this.list.append(row.element);
    return row;
  }

  /** @param {File[]} files */
  take(files) {
    for (const file of files) this.begin(this.addRow(file), file);
  }

  /**
   * @param {FileRow} row
   * @param {File} file
   */
  begin(row, file) {
    const shown = this.list.querySelectorAll("[data-file]:not([hidden])").length;
    const limits = {
      mostFiles: Number(setting(this.element, "mostFiles")),
      mostBytes: Number(setting(this.element, "mostBytes")),
    };
    const refusal = refusalOf(file, shown, limits);
    if (refusal) row.show("refused", this.text(refusal));
    else this.upload(row, file);
  }

  /** @param {FileRow} row */
  remove(row) {
    this.announce("removed", row.name);
    row.leave();
  }

  /**
   * Choose a next version of a file.
   * @param {FileRow} row
   */
  renew(row) {
    const chooser = document.createElement("input");
    chooser.type = "file";
    chooser.accept = this.input.accept;
    chooser.addEventListener("change", () => {
      const file = chooser.files?.[0];
      if (!file) return;
      const fresh = this.addRow(file);
      fresh.replace(row, this.text("instead", row.name));
      this.begin(fresh, file);
      fresh.remover.focus();
    });
    chooser.click();
  }

  /**
   * Look at a file until the server has checked it.
   * @param {FileRow} row
   */
  async watch(row) {
    for (const delay of checkDelays()) {
      if (row.removed) return;
      await pause(delay);
      const answer = await this.client.file(row.id.value).catch(() => null);
      const file = answer?.body;
      if (file?.status === undefined) continue;
      if (file.status === "processing") row.show("processing", this.text("checking"));
      else if (file.status === "quarantined") row.show("quarantined", this.text("quarantined"));
      else return this.showChecked(row, file);
    }
  }

  /**
   * Show a file that has been checked; only a clean one is sent with the form.
   * @param {FileRow} row
   * @param {CheckedFile} file
   */
  showChecked(row, file) {
    row.show(String(file.status), file.note);
    row.id.disabled = file.status !== "ready";
    if (file.note) this.status.textContent = `${file.name}: ${file.note}`;
    if (file.preview_url) row.showPicture(file.preview_url);
  }

  /**
   * Send a file, going on where the connection broke.
   * @param {FileRow} row
   * @param {File} file
   */
  async upload(row, file) {
    const replaces = row.replaced?.id.value;
    const key = resumeKey(this.kind, file, replaces ?? "");
    /** @type {Transfer} */
    const transfer = { file, key, replaces, id: sessionStorage.getItem(key) };
    this.busy += 1;
    row.again.hidden = true;
    row.bar.hidden = false;
    try {
      for (let tried = 0; tried < MOST_TRIES && !row.removed; tried += 1) {
        // A connection that broke: what arrived stays, and the next try asks how much that is.
        const outcome = await this.attempt(row, transfer).catch(() => "lost");
        if (outcome === "ended") return;
        if (outcome === "stopped") break;
        if (outcome === "forgotten") continue;
        row.show("waiting", this.text("lost"));
        await pause(retryDelay(tried));
      }
      if (!row.removed) {
        row.show("stopped", this.text("stopped"));
        row.again.hidden = false;
        row.again.onclick = () => this.upload(row, file);
      }
    } finally {
      this.busy -= 1;
      if (row.removed && transfer.id) this.client.remove(transfer.id).catch(() => {});
    }
  }

  /**
   * Try once to send what the server does not have yet.
   * @param {FileRow} row
   * @param {Transfer} transfer
   * @returns {Promise<"ended" | "stopped" | "forgotten" | "lost">} forgotten: the server knows no such upload any more
   */
  async attempt(row, transfer) {
    const { file, key, replaces } = transfer;
    if (!transfer.id) {
      const begun = await this.client.begin({ kind: this.kind, name: file.name, size: file.size, replaces });
      if (begun.code !== 201) {
        row.show("refused", begun.body.detail);
        return "ended";
      }
      transfer.id = String(begun.body.id);
      sessionStorage.setItem(key, transfer.id);
    }
    const known = await this.client.upload(transfer.id);
    if (known.code === 404) {
      transfer.id = null;
      return "forgotten";
    }
    if (known.code !== 200) return "lost";
    row.show("uploading");
    if (!known.body.whole) {
      const status = await this.client.sendRest(transfer.id, file, known.body.offset, (part) => {
        row.bar.value = part;
      });
      if (status !== 200) return isFinal(status) ? "stopped" : "lost";
    }
    this.complete(row, transfer.id, transfer);
    return "ended";
  }

  /**
   * Add a file that has arrived to the form, and follow its check.
   * @param {FileRow} row
   * @param {string} id
   * @param {Transfer} transfer
   */
  complete(row, id, { file, key }) {
    row.attach(setting(this.element, "name"), id);
    sessionStorage.removeItem(key);
    row.bar.hidden = true;
    row.show("processing", this.text("checking"));
    this.announce("added", file.name);
    this.watch(row);
  }
}

export function startUploads() {
  for (const element of getAll(document, "[data-uploads]")) new UploadField(element);
}
