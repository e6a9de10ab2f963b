// node --test: every edge is drawn from its source to its reader, and lanes don't run into each other.
import assert from "node:assert/strict";
import test from "node:test";
import { isNear, railsOf } from "./lanes.js";

const node = (...sources) => ({ needs: sources.map((source) => [source, "x"]) });
const sourcesOf = (rails) => rails.flatMap((rail) => rail.sources);

function check(nodes, most = 7) {
  const { width, rows } = railsOf(nodes);
  assert.ok(width <= most);
  const lane = new Map();
  rows.forEach((row, index) => {
    if (row.from) lane.set(index, row.from.lane);
    const here = [...row.through, ...row.to, ...(row.from ? [row.from] : [])];
    for (const rail of here) {
      for (const source of rail.sources) assert.equal(rail.lane, lane.get(source), "a rail leaves its lane");
    }
    for (const kind of ["through", "to", "branch"]) {
      assert.equal(new Set(row[kind].map((rail) => rail.lane)).size, row[kind].length, "drawn twice in one lane");
    }
    if (width < most) assert.equal(new Set(here.map((rail) => rail.lane)).size, here.length, "two rails in one lane");
    const read = new Set(nodes[index].needs.map(([source]) => source));
    assert.deepEqual(new Set([...sourcesOf(row.to), ...sourcesOf(row.branch)]), read);
  });
  for (const [source] of lane) {
    const last = nodes.findLastIndex((reader) => reader.needs.some(([need]) => need === source));
    for (let row = source + 1; row <= last; row++) {
      const drawn = sourcesOf(rows[row][row === last ? "to" : "through"]).includes(source);
      assert.ok(drawn, `the rail of ${source} is not drawn in row ${row}`);
    }
    assert.ok(!rows.slice(last + 1).some((row) => sourcesOf([...row.through, ...row.to]).includes(source)));
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

test("what a chosen component reads and gives is lit over its whole way", () => {
  const nodes = [node(), node(), node(), node(0), node(0, 3)];
  assert.deepEqual([0, 1, 2, 3, 4].map((row) => isNear(0, row, 3, nodes)), [true, true, true, true, false]);
  assert.deepEqual([3, 4].map((row) => isNear(3, row, 3, nodes)), [true, true]);
  assert.equal(isNear(0, 1, null, nodes), false);
});

test("five hundred components draw at most a lane's worth of rails in each row", () => {
  const nodes = Array.from({ length: 500 }, (_, index) => node(...(index > 9 ? [index - 1, index - 5, 0, 3] : [])));
  const drawn = railsOf(nodes).rows.reduce((sum, row) => sum + row.through.length + row.to.length + row.branch.length, 0);
  assert.ok(drawn < 500 * 3 * 7);
});
