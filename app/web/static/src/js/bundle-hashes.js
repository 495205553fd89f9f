// What the checks of a bundle share: hashes, keys, signed notes, and proofs in Merkle trees.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{ name: string, id: string, key: CryptoKey }} Key */

export const TEXT = new TextEncoder();

export class Ended extends Error {
  /**
   * @param {"broken" | "unsure"} result
   * @param {string} reason
   * @param {string | number} place
   */
  constructor(result, reason, place = "") {
    super(reason);
    this.result = result;
    this.reason = reason;
    this.place = String(place);
  }
}

/**
 * @param {string} text
 * @param {number} length
 * @returns {Bytes}
 */
export function decoded(text, length) {
  const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (raw.length !== length) {
    throw new Ended("broken", "damaged");
  }
  return raw;
}

/** @param {Bytes} raw */
export function encoded(raw) {
  return btoa(String.fromCharCode(...raw));
}

/**
 * @param {...Bytes} parts
 * @returns {Promise<Bytes>}
 */
export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}

/** @param {Bytes} leaf */
export function leafHash(leaf) {
  return sha256(new Uint8Array([0]), leaf);
}

/**
 * @param {Bytes} left
 * @param {Bytes} right
 */
export function nodeHash(left, right) {
  return sha256(new Uint8Array([1]), left, right);
}

/**
 * @param {string} published
 * @returns {Promise<Key>}
 */
export async function readKey(published) {
  const [name = "", id = "", encodedKey = ""] = published.split(/\+(.*?)\+(.*)/s);
  const raw = decoded(encodedKey, 33);
  const hashed = await sha256(TEXT.encode(`${name}\n`), raw);
  if (raw[0] !== 1 || hexadecimal(hashed.slice(0, 4)) !== id) {
    throw new Ended("broken", "key");
  }
  try {
    return { name, id, key: await crypto.subtle.importKey("raw", raw.slice(1), "Ed25519", false, ["verify"]) };
  } catch {
    throw new Ended("unsure", "browser");
  }
}

/** @param {Bytes} raw */
export function hexadecimal(raw) {
  return [...raw].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Return the lines of a note after verifying its signature.
 * @param {string} note
 * @param {Key[]} keys
 * @param {string} place
 */
export async function readNote(note, keys, place) {
  const [text = "", signatures = ""] = note.split(/\n\n(.*)/s);
  const lines = text.split("\n");
  for (const line of signatures.split("\n")) {
    const [dash, name, signature = ""] = line.split(" ");
    if (dash === "—" && name === lines[0]) {
      const raw = decoded(signature, 68);
      for (const { id, key } of keys.filter((it) => it.name === name)) {
        const own = id === hexadecimal(raw.slice(0, 4));
        if (own && (await crypto.subtle.verify("Ed25519", key, raw.slice(4), TEXT.encode(`${text}\n`)))) {
          return lines;
        }
      }
    }
  }
  throw new Ended("broken", "signature", place);
}

/**
 * Follow a proof upwards; return the root left of the place and the whole root.
 * @param {number} place
 * @param {number} last
 * @param {Bytes} start
 * @param {Bytes[]} steps
 * @param {(left: Bytes, right: Bytes) => Promise<Bytes>} join
 * @returns {Promise<[string, string] | null>}
 */
export async function climb(place, last, start, steps, join = nodeHash) {
  let [older, newer] = [start, start];
  for (const step of steps) {
    if (last === 0) {
      return null;
    }
    if (place % 2 || place === last) {
      [older, newer] = [await join(step, older), await join(step, newer)];
      while (place % 2 === 0 && place) {
        [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
      }
    } else {
      newer = await join(newer, step);
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last ? null : [encoded(older), encoded(newer)];
}

/** @param {string[]} texts */
export function hashes(texts) {
  return texts.map((text) => decoded(text, 32));
}
