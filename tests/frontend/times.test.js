// Times in the reader's language and time zone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clockTime, momentWithZone, parseMoment } from "../../app/web/static/src/js/times.js";

const NOON = new Date("2026-03-01T12:00:00Z");

test("an attribute that names no moment is passed over", () => {
  assert.equal(parseMoment(""), null);
  assert.equal(parseMoment("soon"), null);
  assert.deepEqual(parseMoment("2026-03-01T12:00:00+00:00"), NOON);
});

test("date, time and zone stand in the reader's language", () => {
  const english = momentWithZone("en", "Europe/Berlin")(NOON);
  assert.match(english, /^March 1, 2026 at 1:00\sPM GMT\+1$/);
  const russian = momentWithZone("ru", "Europe/Moscow")(NOON);
  assert.match(russian, /^1 марта 2026 г\. (в )?15:00 GMT\+3$/);
});

test("the zone is the one of that day, not of today", () => {
  const summer = momentWithZone("en", "Europe/Berlin")(new Date("2026-07-01T12:00:00Z"));
  assert.match(summer, /2:00\sPM GMT\+2$/);
});

test("a message's time is of a clock of 24 hours in every language", () => {
  assert.equal(clockTime("en", "Asia/Tokyo")(NOON), "21:00");
  assert.equal(clockTime("en", "UTC")(new Date("2026-03-01T00:05:00Z")), "00:05");
});
