// node --test: numbers as people write them.
import assert from "node:assert/strict";
import test from "node:test";
import { batch } from "./format.js";

const work = { done: 0, total: null, failures: 0, per_s: 0, together: 0, device: "CPU", dtype: "", workers: "threads" };

test("a batch is told by how far it has come, and where", () => {
  assert.equal(batch({ ...work, done: 1, per_s: 0.25 }), "1 item · 0.3 a second · CPU");
  assert.equal(
    batch({ ...work, done: 1200, total: 5000, per_s: 1234.5, together: 16, device: "NVIDIA H100", dtype: "float16" }),
    "1,200 of 5,000 items · 1,235 a second · 16 at once · NVIDIA H100, FP16",
  );
});

test("who decodes is told where it is not this process's threads, and failures where there are any", () => {
  assert.equal(
    batch({ ...work, done: 7, total: 7, per_s: 9.96, workers: "loky", failures: 2, dtype: "float32", together: 1 }),
    "7 of 7 items · 10.0 a second · CPU, FP32 · loky · 2 failed",
  );
});
