// Uploads: refused files, retry delays, requests to the API.
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { UploadClient } from "../../app/web/static/src/js/upload-client.js";
import {
  checkDelays,
  isFinal,
  progressOf,
  refusalOf,
  resumeKey,
  retryDelay,
} from "../../app/web/static/src/js/upload-rules.js";

const LIMITS = { mostFiles: 2, mostBytes: 1000 };

afterEach(() => mock.restoreAll());

test("a file more, or a byte more, than the limits is refused", () => {
  assert.equal(refusalOf({ size: 1000 }, 2, LIMITS), null);
  assert.equal(refusalOf({ size: 1000 }, 3, LIMITS), "full");
  assert.equal(refusalOf({ size: 1001 }, 2, LIMITS), "large");
});

test("an upload goes on only with the same file in the same place", () => {
  const file = { name: "a.pdf", size: 5, lastModified: 7 };
  assert.equal(resumeKey("order", file, ""), "upload:order:a.pdf:5:7:");
  const keys = [
    resumeKey("order", file, ""),
    resumeKey("message", file, ""),
    resumeKey("order", file, "old"),
    resumeKey("order", { ...file, size: 6 }, ""),
    resumeKey("order", { ...file, lastModified: 8 }, ""),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test("each try waits twice as long, half a minute at most", () => {
  assert.deepEqual([0, 1, 2, 5].map(retryDelay), [500, 1000, 2000, 16_000]);
  assert.deepEqual([6, 7, 100].map(retryDelay), [30_000, 30_000, 30_000]);
});

test("looking at a checked file gets rarer and ends", () => {
  const delays = [...checkDelays()];
  assert.equal(delays[0], 700);
  assert.ok(delays.every((delay, index) => index === 0 || delay > Number(delays[index - 1])));
  assert.ok(delays.every((delay) => delay < 60_000));
  assert.equal(delays.length, 14);
});

test("only answers that will stay the same end an upload", () => {
  assert.deepEqual([413, 415, 422].map(isFinal), [true, true, true]);
  assert.deepEqual([200, 404, 409, 429, 500, 503].map(isFinal), [false, false, false, false, false, false]);
});

test("progress counts what had arrived before", () => {
  assert.equal(progressOf(500, 250, 1000), 0.75);
  assert.equal(progressOf(0, 0, 0), 1);
  assert.equal(progressOf(900, 200, 1000), 1);
});

/**
 * A client whose calls are answered by a function.
 * @param {() => Response} respond
 */
function clientWith(respond) {
  const fetched = mock.method(globalThis, "fetch", async () => respond());
  return { client: new UploadClient("/api/v1/files", () => "token-1"), fetched };
}

test("an upload is begun with JSON and the token of the form", async () => {
  const { client, fetched } = clientWith(() => Response.json({ id: "u1" }, { status: 201 }));
  const upload = { kind: "order", name: "a.pdf", size: 5, replaces: undefined };
  assert.deepEqual(await client.begin(upload), { code: 201, body: { id: "u1" } });
  const [address, options] = /** @type {any[]} */ (fetched.mock.calls[0]?.arguments ?? []);
  assert.equal(address, "/api/v1/files/uploads");
  assert.equal(options.method, "POST");
  assert.equal(options.headers["X-CSRF-TOKEN"], "token-1");
  assert.equal(options.headers["Content-Type"], "application/json");
  assert.deepEqual(JSON.parse(options.body), { kind: "order", name: "a.pdf", size: 5 });
});

test("removing answers nothing, and a question has no body", async () => {
  const { client, fetched } = clientWith(() => new Response(null, { status: 204 }));
  assert.deepEqual(await client.remove("u1"), { code: 204, body: null });
  const [address, options] = /** @type {any[]} */ (fetched.mock.calls[0]?.arguments ?? []);
  assert.equal(address, "/api/v1/files/uploads/u1");
  assert.deepEqual([options.method, options.body, options.headers["Content-Type"]], ["DELETE", null, undefined]);
});

test("a refusal comes with its reason", async () => {
  const { client } = clientWith(() => Response.json({ detail: "Too large" }, { status: 413 }));
  assert.deepEqual(await client.file("f1"), { code: 413, body: { detail: "Too large" } });
});
