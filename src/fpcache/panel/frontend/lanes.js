// The edges of a cell's graph as rails beside its rows: one lane for each component that others need.

const MOST_LANES = 7;

// Returns {width, rows}: for each row its rails as {lane, sources}, at most one of a kind in a lane: those that pass
// ("through"), that end there ("to"), that only lead a branch to the row ("branch"), and the one that begins ("from").
export function railsOf(nodes) {
  const last = new Map();
  nodes.forEach((node, index) => node.needs.forEach(([source]) => last.set(source, index)));
  const taken = [];
  const laneOf = new Map();
  let width = 0;
  const rows = nodes.map((node, index) => {
    const reads = new Set(node.needs.map(([source]) => source));
    const row = { through: new Map(), to: new Map(), branch: new Map(), from: null };
    const add = (kind, lane, source) => row[kind].set(lane, [...(row[kind].get(lane) ?? []), source]);
    const ending = [];
    for (const [source, lane] of laneOf) {
      const isLast = last.get(source) === index;
      add(isLast ? "to" : "through", lane, source);
      if (isLast) ending.push([source, lane]);
      else if (reads.has(source)) add("branch", lane, source);
    }
    if (last.has(index)) {
      let lane = taken.findIndex((isTaken) => !isTaken);
      if (lane < 0) lane = Math.min(taken.length, MOST_LANES - 1);
      taken[lane] = true;
      laneOf.set(index, lane);
      row.from = { lane, sources: [index] };
    }
    for (const [source] of ending) laneOf.delete(source);
    for (const [, lane] of ending) taken[lane] = [...laneOf.values()].includes(lane);
    width = Math.max(width, taken.length);
    const listed = (kind) => [...row[kind]].map(([lane, sources]) => ({ lane, sources }));
    return { through: listed("through"), to: listed("to"), branch: listed("branch"), from: row.from };
  });
  return { width, rows };
}

// Whether the part of a source's rail in this row belongs to what the chosen component reads or gives.
export function isNear(source, index, chosen, nodes) {
  if (chosen == null) return false;
  if (source === chosen) return true;
  return index <= chosen && nodes[chosen].needs.some(([need]) => need === source);
}
