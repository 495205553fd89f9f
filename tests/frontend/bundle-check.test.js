// Verifying a bundle in the browser: a bundle that the site made, then the same one with a change.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkBundle } from "../../app/web/static/src/js/bundle-check.js";
import { readZip } from "../../app/web/static/src/js/bundle-zip.js";

const ZIP = readFileSync(new URL("bundle.zip", import.meta.url));

async function bundle() {
  const files = await readZip(new Uint8Array(ZIP).buffer);
  const kept = new TextDecoder().decode(files.get("checkpoints/6.txt"));
  return { files, kept };
}

/**
 * @param {Map<string, Uint8Array<ArrayBuffer>>} files
 * @param {string} name
 * @param {(text: string) => string} edit
 */
function change(files, name, edit) {
  const before = new TextDecoder().decode(files.get(name));
  const after = edit(before);
  assert.notEqual(after, before);
  files.set(name, new TextEncoder().encode(after));
}

test("what the site made holds, beside a checkpoint that was kept", async () => {
  const { files, kept } = await bundle();
  assert.deepEqual(await checkBundle(files, kept), { result: "holds", reason: "holds", place: "3 / 7" });
});

test("without a kept checkpoint nothing is called good", async () => {
  const { files } = await bundle();
  assert.equal((await checkBundle(files, null)).reason, "kept");
  files.delete("proofs.json");
  assert.equal((await checkBundle(files, null)).reason, "files");
});

/** @type {[string, string, (text: string) => string, string][]} */
const CHANGES = [
  ["an amount", "entries.jsonl", (text) => text.replace('"amount":"40"', '"amount":"41"'), "entry"],
  ["a deleted entry", "entries.jsonl", (text) => text.slice(text.indexOf("\n") + 1), "damaged"],
  ["a root", "checkpoints/7.txt", (text) => text.replace("\n7\n", "\n8\n"), "signature"],
  ["a balance", "proofs.json", (text) => text.replace(/("balances": \{\s+"[^"]+": ")\d+/, "$17"), "balance"],
  ["a position", "proofs.json", (text) => text.replace(/"positions": \[\s+0/, '"positions": [1'), "entry"],
  ["the key", "proofs.json", (text) => text.replace(/("keys": \[\s+"[^+]+\+)[0-9a-f]{8}/, "$100000000"), "key"],
  ["a proof between checkpoints", "proofs.json", (text) => text.replace(/"3": \[/, '"4": ['), "checkpoint"],
];
for (const [what, name, edit, reason] of CHANGES) {
  test(`${what} that was changed is found`, async () => {
    const { files, kept } = await bundle();
    change(files, name, edit);
    const { result, reason: found } = await checkBundle(files, kept);
    assert.deepEqual([result, found], ["broken", reason]);
  });
}

/** @type {[string, (files: Map<string, Uint8Array<ArrayBuffer>>, names: string[]) => void][]} */
const PAPER_CHANGES = [
  ["a byte of one", (files, [one = ""]) => files.get(one)?.set([0], 100)],
  ["one that was removed", (files, [one = ""]) => files.delete(one)],
  ["one that was added", (files) => files.set("papers/A-2026-000009.pdf", new Uint8Array([1]))],
  [
    "one in the place of another",
    (files, [one = "", two = ""]) => files.set(one, new Uint8Array(files.get(two) ?? [])),
  ],
];
test("documents are entries of the log, and a change of one is found", async () => {
  const read = async () => readZip(new Uint8Array(readFileSync(new URL("bundle-papers.zip", import.meta.url))).buffer);
  const kept = new TextDecoder().decode((await read()).get("checkpoints/3.txt"));
  assert.deepEqual(await checkBundle(await read(), kept), { result: "holds", reason: "holds", place: "2 / 3" });
  for (const [what, edit] of PAPER_CHANGES) {
    const files = await read();
    const names = [...files.keys()].filter((name) => name.startsWith("papers/"));
    assert.equal(names.length, 2);
    edit(files, names);
    const { result, reason } = await checkBundle(files, kept);
    assert.deepEqual([result, reason], ["broken", "paper"], what);
  }
});

const NIGHT = "solvency/2026-11-28.json";

/**
 * Change the first proof of a night.
 * @param {(proof: Record<string, any>, proofs: Record<string, any>[]) => void} edit
 * @returns {(text: string) => string}
 */
function changing(edit) {
  return (text) => {
    const content = JSON.parse(text);
    edit(content.proofs[0], content.proofs);
    return JSON.stringify(content);
  };
}

/** @param {string} step @param {number} byte */
function withByte(step, byte) {
  const raw = [...atob(step)];
  return btoa(String.fromCharCode(byte) + raw.slice(1).join(""));
}

/** @type {[string, (text: string) => string, string][]} */
const OWED_CHANGES = [
  ["a balance", changing((it) => Object.assign(it, { balance: "1" })), "owed"],
  ["a balance below zero", changing((it) => Object.assign(it, { balance: "-5" })), "owed"],
  ["a node below zero", changing((it) => Object.assign(it.steps, { 0: withByte(it.steps[0], 255) })), "owed"],
  [
    "a sum of a node",
    changing((it) => Object.assign(it.steps, { 0: withByte(it.steps[0], 0).replace("AA", "AB") })),
    "owed",
  ],
  ["a total", (text) => text.replace("RUB 4 10", "RUB 4 11"), "signature"],
  ["the salt", changing((it) => Object.assign(it, { salt: "0".repeat(32) })), "owed"],
  ["a removed proof", changing((_it, proofs) => proofs.pop()), "owed"],
  ["a proof that is there twice", changing((it, proofs) => proofs.push(it)), "owed"],
];
test("what is owed is proved, and a change of a proof or of the total is found", async () => {
  const read = async () => readZip(new Uint8Array(readFileSync(new URL("bundle-owed.zip", import.meta.url))).buffer);
  const kept = new TextDecoder().decode((await read()).get("checkpoints/9.txt"));
  assert.deepEqual(await checkBundle(await read(), kept), { result: "holds", reason: "holds", place: "9 / 12" });
  for (const [what, edit, reason] of OWED_CHANGES) {
    const files = await read();
    change(files, NIGHT, edit);
    const found = await checkBundle(files, kept);
    assert.deepEqual([found.result, found.reason], ["broken", reason], what);
  }
  for (const other of ["other-night.json", "other-person.json", "total.json"]) {
    const files = await read();
    files.set(NIGHT, files.get(other) ?? new Uint8Array());
    const found = await checkBundle(files, kept);
    assert.deepEqual([found.result, found.reason], ["broken", "owed"], other);
  }
});

test("another log and a checkpoint without a proof are told apart", async () => {
  const { files, kept } = await bundle();
  assert.equal((await checkBundle(files, kept.replace("\n6\n", "\n5\n"))).reason, "signature");
  files.delete("checkpoints/6.txt");
  assert.equal((await checkBundle(files, kept)).reason, "no-proof");
});

test("what is no zip is refused", async () => {
  await assert.rejects(readZip(new TextEncoder().encode("not a zip at all, but long enough").buffer));
});
