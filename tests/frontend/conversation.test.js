// An open conversation: polling, new messages, the title of the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isIncoming,
  isNearEnd,
  isShown,
  pollDelay,
  titleWith,
} from "../../app/web/static/src/js/conversation-rules.js";
import { csrfToken } from "../../app/web/static/src/js/csrf.js";

/** @param {Partial<import("../../app/web/static/src/js/conversation-rules.js").ListItem>} properties */
function item(properties) {
  return { id: "", mine: false, ...properties };
}

const SHOWN = { days: new Set(["2026-03-01"]), hasId: (/** @type {string} */ id) => id === "message-7" };

test("a page that nobody looks at asks seldom", () => {
  assert.equal(pollDelay(true), 5000);
  assert.equal(pollDelay(false), 30_000);
});

test("the title counts what nobody has seen", () => {
  assert.equal(titleWith(3, "Messages"), "(3) Messages");
  assert.equal(titleWith(0, "Messages"), "Messages");
});

test("a day stands in the list once, a message too", () => {
  assert.equal(isShown(item({ day: "2026-03-01" }), SHOWN), true);
  assert.equal(isShown(item({ day: "2026-03-02" }), SHOWN), false);
  assert.equal(isShown(item({ id: "message-7", number: "7" }), SHOWN), true);
  assert.equal(isShown(item({ id: "message-8", number: "8" }), SHOWN), false);
});

test("only a message of the other side is news", () => {
  assert.equal(isIncoming(item({ number: "8" })), true);
  assert.equal(isIncoming(item({ number: "8", mine: true })), false);
  assert.equal(isIncoming(item({ day: "2026-03-02" })), false);
});

test("the page follows new messages only from near its end", () => {
  assert.equal(isNearEnd({ innerHeight: 800, scrollY: 1000, scrollHeight: 2000 }), true);
  assert.equal(isNearEnd({ innerHeight: 800, scrollY: 800, scrollHeight: 2000 }), false);
});

test("the CSRF token is found among other cookies", () => {
  assert.equal(csrfToken("theme=dark; csrf_token=a=b; lang=ru"), "a=b");
  assert.equal(csrfToken("x_csrf_token=1"), undefined);
  assert.equal(csrfToken(""), undefined);
});
