// The address that the script of amounts asks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { amountAddress } from "../../app/web/static/src/js/amounts.js";

test("the amount is sent as it was typed, with its currency", () => {
  assert.equal(amountAddress("/amount", "1 500,50", "EUR"), "/amount?amount=1+500%2C50&currency=EUR");
  assert.equal(amountAddress("/amount", "5&currency=USD", "RUB"), "/amount?amount=5%26currency%3DUSD&currency=RUB");
});

test("without a currency the server takes its default", () => {
  assert.equal(amountAddress("/amount", "+5", ""), "/amount?amount=%2B5");
});
