// node --test: every edge is drawn from its source to its reader, and lanes don't run into each other.
import assert from "node:assert/strict";
import test from "node:test";
import { railsOf } from "./lanes.js";

const node = (...sources) => ({ needs: sources.map((source) => [source, "x"]) });

function check(nodes, most = 7) {
  const { width, rows } = railsOf(nodes);
  assert.ok(width <= most);
  const lane = new Map();
  rows.forEach((row, index) => {
    if (row.from) lane.set(index, row.from.lane);
    const here = [...row.through, ...row.to, ...(row.from ? [row.from] : [])];
    for (const rail of here) assert.equal(rail.lane, lane.get(rail.source), "a rail leaves its lane");
    if (width < most) assert.equal(new Set(here.map((rail) => rail.lane)).size, here.length, "two rails in one lane");
    const read = new Set(row.reads.map((rail) => rail.source));
    assert.deepEqual(read, new Set(nodes[index].needs.map(([source]) => source)));
  });
  for (const [source] of lane) {
    const last = nodes.findLastIndex((reader) => reader.needs.some(([need]) => need === source));
    for (let row = source + 1; row <= last; row++) {
      const drawn = rows[row][row === last ? "to" : "through"].some((rail) => rail.source === source);
      assert.ok(drawn, `the rail of ${source} is not drawn in row ${row}`);
    }
    assert.ok(!rows.slice(last + 1).some((row) => [...row.through, ...row.to].some((rail) => rail.source === source)));
  }
}

test("a chain takes two lanes in turns", () => {
  const nodes = [node(), node(0), node(1), node(2)];
  check(nodes);
  assert.equal(railsOf(nodes).width, 2);
});

test("cells without edges have no rails", () => {
  assert.deepEqual(railsOf([node(), node()]).width, 0);
  assert.deepEqual(railsOf([]), { width: 0, rows: [] });
});

test("any graph is drawn whole", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 500; round++) {
    const nodes = Array.from({ length: 1 + Math.floor(random() * 30) }, (_, index) => {
      const sources = Array.from({ length: index }, (_, source) => source).filter(() => random() < 2 / (index + 1));
      return node(...sources);
    });
    check(nodes);
  }
});
