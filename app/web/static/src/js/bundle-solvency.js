// Verifies in a bundle that the balances of a person are in the total that the site owed to all people in a night.
import { climb, decoded, Ended, encoded, readNote, sha256, TEXT } from "./bundle-hashes.js";

/** @typedef {import("./bundle-hashes.js").Bytes} Bytes */
/** @typedef {import("./bundle-hashes.js").Key} Key */
/** @typedef {{ name: string, size: number, proved: Map<string, bigint> }} Night */
/** @typedef {{ account: string, balance: string, currency: string, salt: string, position: number, steps: string[] }} Proof */

/** Kinds of accounts that hold what the site owes to people. */
export const OWED = new Set([
  "wallet",
  "escrow",
  "fee_hold",
  "dispute_hold",
  "maturing",
  "payout_transit",
  "refund_transit",
  "suspense",
]);
const LIMIT = 2n ** 120n;
const SUM_BYTES = 16;

/**
 * @param {bigint} amount
 * @returns {Bytes}
 */
function sumBytes(amount) {
  if (amount < 0n || amount >= LIMIT) {
    throw new Ended("broken", "owed", String(amount));
  }
  const digits = amount.toString(16).padStart(SUM_BYTES * 2, "0");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** @param {Bytes} node */
function sumOf(node) {
  const digits = [...node.slice(0, SUM_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return BigInt.asIntN(SUM_BYTES * 8, BigInt(`0x${digits}`));
}

/**
 * @param {Bytes} sum
 * @param {Bytes} hash
 * @returns {Bytes}
 */
function nodeOf(sum, hash) {
  return new Uint8Array([...sum, ...hash]);
}

/**
 * Return the parent of two nodes; no sum may be negative.
 * @param {Bytes} left
 * @param {Bytes} right
 */
async function joinSums(left, right) {
  const sums = [sumOf(left), sumOf(right)].map(sumBytes).map(sumOf);
  return nodeOf(sumBytes((sums[0] ?? 0n) + (sums[1] ?? 0n)), await sha256(new Uint8Array([1]), left, right));
}

/**
 * Verify that a balance is in the signed total of its currency.
 * @param {Proof} proof
 * @param {string} night
 * @param {string[]} total
 * @param {string} name
 */
async function checkProof(proof, night, total, name) {
  const { account, balance, currency, salt, position } = proof;
  const [accounts = "", owed = "", root = ""] = total;
  if (![accounts, owed, balance].every((number) => /^[1-9]\d{0,35}$/.test(number))) {
    throw new Ended("broken", "owed", name);
  }
  const leaf = TEXT.encode(JSON.stringify({ account, balance, currency, night, salt, v: "1" }));
  const start = nodeOf(sumBytes(BigInt(balance)), await sha256(new Uint8Array([0]), leaf));
  const steps = proof.steps.map((step) => decoded(step, 48));
  const inside = Number.isInteger(position) && position >= 0 && position < Number(accounts);
  const found = inside ? await climb(position, Number(accounts) - 1, start, steps, joinSums) : null;
  if (found?.[1] !== encoded(nodeOf(sumBytes(BigInt(owed)), decoded(root, 32)))) {
    throw new Ended("broken", "owed", name);
  }
}

/**
 * Return the nights of a bundle, the smallest log first, after verifying their signatures and proofs.
 * @param {Map<string, Bytes>} files
 * @param {Key[]} keys
 * @returns {Promise<Night[]>}
 */
export async function readNights(files, keys) {
  /** @type {Night[]} */
  const nights = [];
  for (const [name, content] of files) {
    if (!name.startsWith("solvency/")) {
      continue;
    }
    /** @type {{ note: string, proofs: Proof[] }} */
    const { note, proofs } = JSON.parse(new TextDecoder().decode(content));
    const [, head = "", ...rows] = await readNote(note, keys, name);
    const [, night = "", size = ""] = head.match(/^solvency (\d{4}-\d\d-\d\d) ([1-9]\d{0,14})$/) ?? [];
    if (name !== `solvency/${night}.json`) {
      throw new Ended("broken", "owed", name);
    }
    const totals = new Map(rows.map((row) => [row.split(" ")[0], row.split(" ").slice(1)]));
    /** @type {Map<string, bigint>} */
    const proved = new Map();
    for (const proof of proofs) {
      await checkProof(proof, night, totals.get(proof.currency) ?? [], name);
      if (proved.has(proof.account)) {
        throw new Ended("broken", "owed", name);
      }
      proved.set(proof.account, BigInt(proof.balance));
    }
    nights.push({ name, size: Number(size), proved });
  }
  return nights.sort((a, b) => a.size - b.size);
}

/**
 * Compare the balances that a night proves with those that the entries add up to.
 * @param {Night} night
 * @param {Map<string, bigint>} balances
 * @param {Map<string, string>} kinds
 * @param {Set<string>} whole
 */
export function checkOwed(night, balances, kinds, whole) {
  const own = [...balances].filter(
    ([account, amount]) => amount !== 0n && whole.has(account) && OWED.has(kinds.get(account) ?? ""),
  );
  if (own.length !== night.proved.size || own.some(([account, amount]) => night.proved.get(account) !== amount)) {
    throw new Ended("broken", "owed", night.name);
  }
}
