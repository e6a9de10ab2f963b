// The edges of a cell's graph as rails beside its rows: one lane for each component that others need.

const MOST_LANES = 7;

// Returns {width, rows}: for each row the lanes that pass ("through"), begin ("from") and end ("to") there,
// and those from which a branch leads to the row ("reads"); a lane is {lane, source}.
export function railsOf(nodes) {
  const last = new Map();
  nodes.forEach((node, index) => node.needs.forEach(([source]) => last.set(source, index)));
  const taken = [];
  const laneOf = new Map();
  let width = 0;
  const rows = nodes.map((node, index) => {
    const passing = [...laneOf].filter(([source]) => last.get(source) >= index);
    const reads = new Set(node.needs.map(([source]) => source));
    const row = { through: [], to: [], reads: [], from: null };
    for (const [source, lane] of passing) {
      (last.get(source) === index ? row.to : row.through).push({ lane, source });
      if (reads.has(source)) row.reads.push({ lane, source });
    }
    if (last.has(index)) {
      let lane = taken.findIndex((isTaken) => !isTaken);
      if (lane < 0) lane = Math.min(taken.length, MOST_LANES - 1);
      taken[lane] = true;
      laneOf.set(index, lane);
      row.from = { lane, source: index };
    }
    for (const { lane, source } of row.to) {
      laneOf.delete(source);
      taken[lane] = [...laneOf.values()].includes(lane);
    }
    width = Math.max(width, taken.length);
    return row;
  });
  return { width, rows };
}
