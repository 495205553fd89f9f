// Verifies a bundle of the ledger as verify.py does, with the browser's own SHA-256 and Ed25519. Nothing is sent.
import {
  climb,
  decoded,
  Ended,
  encoded,
  hashes,
  hexadecimal,
  leafHash,
  readKey,
  readNote,
  sha256,
  TEXT,
} from "./bundle-hashes.js";
import { checkOwed, OWED, readNights } from "./bundle-solvency.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{ origin: string, size: number, root: string }} Point */
/** @typedef {import("./bundle-hashes.js").Key} Key */
/** @typedef {Record<string, any>} Json */
/** @typedef {{ result: "holds" | "broken" | "unsure", reason: string, place: string }} Verdict */

const FORMAT = "iplance-bundle-1";
const DEBIT_KINDS = new Set(["provider_clearing", "bank_operating", "claim", "provider_cost", "loss"]);
const FLOORED = new Set([...OWED, "claim"]);
/**
 * @param {string} note
 * @param {Key[]} keys
 * @param {string} place
 * @returns {Promise<Point>}
 */
async function readPoint(note, keys, place) {
  const lines = await readNote(note, keys, place);
  const [origin = "", size = "", root = "", ...more] = lines;
  if (more.length || !/^(0|[1-9]\d{0,14})$/.test(size)) {
    throw new Ended("broken", "checkpoint", place);
  }
  return { origin, size: Number(size), root: encoded(decoded(root, 32)) };
}

/**
 * @param {Point} old
 * @param {Point} newest
 * @param {Bytes[]} proof
 */
async function continues(old, newest, proof) {
  if (old.size === newest.size) {
    return old.root === newest.root && !proof.length;
  }
  const whole = Number.isInteger(Math.log2(old.size));
  const [first, ...rest] = whole ? [decoded(old.root, 32), ...proof] : proof;
  if (!first || old.size > newest.size) {
    return false;
  }
  let [place, last] = [old.size - 1, newest.size - 1];
  while (place % 2) {
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  const found = await climb(place, last, first, rest);
  return found !== null && found[0] === old.root && found[1] === newest.root;
}

/**
 * Apply one entry to the balances of the accounts that are whole in the bundle.
 * @param {Json} entry
 * @param {Map<string, bigint>} balances
 * @param {Set<string>} whole
 * @param {number} position
 * @param {Map<string, string>} kinds
 */
function apply(entry, balances, whole, position, kinds) {
  /** @type {Map<string, string>} */
  const moved = new Map();
  for (const transfer of entry.transfers) {
    for (const side of ["debit", "credit"]) {
      const [account, kind] = [transfer[side], transfer[`${side}_kind`]];
      const grows = (side === "debit") === DEBIT_KINDS.has(kind);
      balances.set(account, (balances.get(account) ?? 0n) + (grows ? 1n : -1n) * BigInt(transfer.amount));
      moved.set(account, kind);
      kinds.set(account, kind);
    }
  }
  for (const [account, kind] of moved) {
    if (FLOORED.has(kind) && whole.has(account) && (balances.get(account) ?? 0n) < 0n) {
      throw new Ended("broken", "floor", position);
    }
  }
}

/**
 * Return the checkpoints of the bundle, the smallest first.
 * @param {Map<string, Bytes>} files
 * @param {Key[]} keys
 */
async function readPoints(files, keys) {
  /** @type {Point[]} */
  const points = [];
  for (const [name, content] of files) {
    if (name.startsWith("checkpoints/")) {
      points.push(await readPoint(new TextDecoder().decode(content), keys, name));
    }
  }
  return points.sort((a, b) => a.size - b.size);
}

/**
 * Verify that the files of papers are those that the entries of the log name.
 * @param {Map<string, Bytes>} files
 * @param {Map<string, string>} stated checksums by the names of the files
 */
async function checkPapers(files, stated) {
  const found = [...files.keys()].filter((name) => name.startsWith("papers/"));
  for (const name of new Set([...found, ...stated.keys()])) {
    const content = files.get(name);
    if (!content || hexadecimal(await sha256(content)) !== stated.get(name)) {
      throw new Ended("broken", "paper", name);
    }
  }
}

/**
 * Verify that each entry is in the newest checkpoint; return the balances after all of them, and the files of papers.
 * @param {string[]} entries
 * @param {Json} proofs
 * @param {Point} newest
 * @param {import("./bundle-solvency.js").Night[]} nights
 */
async function checkEntries(entries, proofs, newest, nights) {
  if (new Set([entries.length, proofs.positions.length, proofs.inclusion.length]).size > 1) {
    throw new Ended("broken", "damaged");
  }
  /** @type {Map<string, bigint>} */
  const balances = new Map();
  /** @type {Map<string, string>} */
  const papers = new Map();
  /** @type {Map<string, string>} */
  const kinds = new Map();
  const left = [...nights];
  const whole = new Set(proofs.whole_accounts);
  let before = -1;
  for (const [number, line] of entries.entries()) {
    const position = proofs.positions[number];
    while (left[0] && left[0].size <= position) {
      checkOwed(/** @type {import("./bundle-solvency.js").Night} */ (left.shift()), balances, kinds, whole);
    }
    const leaf = await leafHash(TEXT.encode(line));
    const found = await climb(position, newest.size - 1, leaf, hashes(proofs.inclusion[number]));
    if (position >= newest.size || position <= before || found?.[1] !== newest.root) {
      throw new Ended("broken", "entry", position);
    }
    const entry = JSON.parse(line);
    if (entry.document) {
      const name = `papers/${entry.number}.pdf`;
      if (papers.has(name)) {
        throw new Ended("broken", "paper", name);
      }
      papers.set(name, entry.sha256);
    } else {
      apply(entry, balances, whole, position, kinds);
    }
    before = position;
  }
  for (const night of left) {
    checkOwed(night, balances, kinds, whole);
  }
  return { balances, papers };
}

/**
 * Compare the bundle with the checkpoint that the reader kept.
 * @param {string | null} kept
 * @param {Point[]} points
 * @param {Point} newest
 * @param {Key[]} keys
 */
async function checkKept(kept, points, newest, keys) {
  if (kept === null) {
    throw new Ended("unsure", "kept");
  }
  const own = await readPoint(kept, keys, "kept");
  const same = points.find((point) => point.size === own.size);
  if (own.size > newest.size || (same && same.root !== own.root)) {
    throw new Ended("broken", "other-log", own.size);
  }
  if (!same) {
    throw new Ended("unsure", "no-proof", own.size);
  }
}

/**
 * @param {Map<string, Bytes>} files
 * @param {string | null} kept
 */
async function check(files, kept) {
  const read = new TextDecoder();
  const [lines, stated] = [files.get("entries.jsonl"), files.get("proofs.json")];
  if (!lines || !stated) {
    throw new Ended("unsure", "files");
  }
  /** @type {Json} */
  const proofs = JSON.parse(read.decode(stated));
  if (proofs.format !== FORMAT || proofs.complete) {
    throw new Ended("unsure", "format");
  }
  const keys = await Promise.all(proofs.keys.map(readKey));
  const points = await readPoints(files, keys);
  const newest = points.at(-1);
  if (!newest) {
    throw new Ended("unsure", "files");
  }
  const entries = read.decode(lines).split("\n").slice(0, -1);
  const nights = await readNights(files, keys);
  if (nights.some((night) => night.size > newest.size)) {
    throw new Ended("broken", "owed", nights.at(-1)?.name);
  }
  const { balances, papers } = await checkEntries(entries, proofs, newest, nights);
  for (const point of points) {
    if (!(await continues(point, newest, hashes(proofs.consistency[point.size] ?? [])))) {
      throw new Ended("broken", "checkpoint", point.size);
    }
  }
  for (const account of proofs.whole_accounts) {
    if (proofs.balances[account] !== String(balances.get(account) ?? 0n)) {
      throw new Ended("broken", "balance", account);
    }
  }
  await checkPapers(files, papers);
  await checkKept(kept, points, newest, keys);
  return `${entries.length} / ${newest.size}`;
}

/**
 * Verify the files of a bundle.
 * @param {Map<string, Bytes>} files
 * @param {string | null} kept the note of a checkpoint that the reader kept
 * @returns {Promise<Verdict>}
 */
export async function checkBundle(files, kept) {
  try {
    return { result: "holds", reason: "holds", place: await check(files, kept) };
  } catch (wrong) {
    if (wrong instanceof Ended) {
      return { result: wrong.result, reason: wrong.reason, place: wrong.place };
    }
    return { result: "broken", reason: "damaged", place: "" };
  }
}
