// One file in the list of an upload field: its name, its state, its hidden id, its buttons.
import { find, get } from "./dom.js";

const IN_CHECK = ["processing", "quarantined"];

/** @typedef {{ remove: (row: FileRow) => void, renew: (row: FileRow) => void }} Actions what the field does */

export class FileRow {
  /**
   * @param {HTMLElement} element
   * @param {Actions} actions
   */
  constructor(element, actions) {
    this.element = element;
    this.removed = false;
    /** What the note says while there is nothing else to say. */
    this.usualNote = "";
    /** @type {FileRow | null} the file that this one is the next version of */
    this.replaced = null;
    this.id = get(element, "[data-file-id]", HTMLInputElement);
    this.bar = get(element, "progress", HTMLProgressElement);
    this.again = get(element, "[data-file-again]", HTMLButtonElement);
    this.remover = get(element, "[data-file-remove]", HTMLButtonElement);
    this.nameElement = get(element, "[data-file-name]");
    this.remover.addEventListener("click", () => actions.remove(this));
    get(element, "[data-file-up]", HTMLButtonElement).addEventListener("click", (event) => this.moveUp(event));
    find(element, "[data-file-renew]", HTMLButtonElement)?.addEventListener("click", () => actions.renew(this));
  }

  get name() {
    return this.nameElement.textContent;
  }

  set name(name) {
    this.nameElement.textContent = name;
  }

  get isInCheck() {
    return IN_CHECK.includes(this.element.dataset.state ?? "");
  }

  /**
   * Show a state and what there is to say about it.
   * @param {string} state
   * @param {string} [note]
   */
  show(state, note) {
    this.element.dataset.state = state;
    get(this.element, "[data-file-note]").textContent = note || this.usualNote;
    if (state !== "refused") return;
    this.bar.hidden = true;
    this.restoreReplaced();
  }

  /** @param {string} address */
  showPicture(address) {
    const picture = new Image(44, 44);
    picture.alt = "";
    picture.src = address;
    get(this.element, "[data-file-picture]").replaceChildren(picture);
  }

  /**
   * Put the id into the form: from now on the file is sent with it.
   * @param {string} field
   * @param {string} id
   */
  attach(field, id) {
    this.id.name = field;
    this.id.value = id;
    this.id.disabled = false;
    if (this.replaced) this.replaced.id.disabled = true;
  }

  /**
   * Replace another file, which is hidden unless this one fails.
   * @param {FileRow} other
   * @param {string} note
   */
  replace(other, note) {
    this.replaced = other;
    this.usualNote = note;
    other.element.before(this.element);
    other.element.hidden = true;
  }

  /** Show the file again that this one was to replace. */
  restoreReplaced() {
    if (!this.replaced) return;
    this.replaced.element.hidden = false;
    this.replaced.id.disabled = false;
    this.replaced = null;
  }

  /** Leave the list; the focus goes to the neighbour. */
  leave() {
    this.removed = true;
    this.restoreReplaced();
    const neighbour = this.element.nextElementSibling ?? this.element.previousElementSibling;
    if (neighbour) find(neighbour, "[data-file-remove]", HTMLButtonElement)?.focus();
    this.element.remove();
  }

  /** @param {Event} event */
  moveUp(event) {
    let above = this.element.previousElementSibling;
    while (above instanceof HTMLElement && above.hidden) above = above.previousElementSibling;
    above?.before(this.element);
    if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
  }
}
