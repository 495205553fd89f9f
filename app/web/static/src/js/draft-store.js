// Unfinished texts in the browser's storage: `draft:<account>:<form>` holds one for 30 days.

/** @typedef {Record<string, string[]>} FormValues what each field of a form holds, by its name */
/** @typedef {{ at: number, base: string, values: FormValues }} Draft `base` is the version that the text began from */

const PREFIX = "draft:";
const KEPT_MS = 30 * 24 * 3600 * 1000;

/** Drafts in a storage that may be full or forbidden; whatever fails there counts as not kept. */
export class DraftStore {
  /**
   * @param {() => Storage} storage a function, because the mere access may be refused
   * @param {() => number} now
   */
  constructor(storage, now = Date.now) {
    this.storage = storage;
    this.now = now;
  }

  /**
   * Return a draft that is not too old.
   * @param {string} name
   * @returns {Draft | null}
   */
  load(name) {
    try {
      const draft = JSON.parse(this.storage().getItem(PREFIX + name) ?? "null");
      return draft && this.now() - draft.at < KEPT_MS ? draft : null;
    } catch {
      return null;
    }
  }

  /**
   * Keep a draft; false where the browser refuses.
   * @param {string} name
   * @param {Draft} draft
   * @returns {boolean}
   */
  save(name, draft) {
    try {
      this.storage().setItem(PREFIX + name, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Remove a draft.
   * @param {string} name
   */
  remove(name) {
    try {
      this.storage().removeItem(PREFIX + name);
    } catch {
      // What cannot be written was never kept.
    }
  }

  /**
   * Return the names of all drafts, or of one account's.
   * @param {string} [start] what the names begin with
   * @returns {string[]}
   */
  names(start = "") {
    try {
      const storage = this.storage();
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      return keys.filter((key) => key.startsWith(PREFIX + start)).map((key) => key.slice(PREFIX.length));
    } catch {
      return [];
    }
  }

  /** Remove what is too old or cannot be read. */
  removeStale() {
    for (const name of this.names()) if (!this.load(name)) this.remove(name);
  }
}
