// The session's cells in time, and the components of the one that is looked at.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Details } from "./details.jsx";
import { count, lines, seconds } from "./format.js";
import { moveFocus, useAnswer } from "./hooks.js";
import { railsOf } from "./lanes.js";
import { Mark, Status, STATUSES } from "./statuses.jsx";

const LANE_PX = 9;
const FEW_ROWS = 150;

export function Cells({ client, overview, live, change, say }) {
  const [chosen, setChosen] = useState(null); // a cell's number; null follows the running one
  const [component, setComponent] = useState(null);
  const isLive = chosen == null || chosen === live.number;
  const past = useAnswer(client, "cell", isLive ? null : { number: chosen });
  const cell = isLive ? live : past.data;
  useEffect(() => setComponent(null), [cell?.number]);

  if (!live.number) return <Empty facts={overview.facts} />;
  return (
    <div class="cells">
      <Timeline lines={overview.timeline} current={cell?.number} choose={(n) => setChosen(n === live.number ? null : n)} />
      {past.problem && <p class="problem">{past.problem}</p>}
      {cell?.number && (
        <>
          <Head cell={cell} isLive={isLive} follow={() => setChosen(null)} />
          <div class="split">
            <Graph cell={cell} chosen={component} choose={setComponent} client={client} change={change} say={say}
              changes={overview.changes} />
          </div>
        </>
      )}
    </div>
  );
}

function Empty({ facts }) {
  return (
    <div class="empty">
      <p class="lead">No cached cell has run since this panel was opened.</p>
      <p>
        {facts.auto
          ? "Automatic mode is on: run any cell, and its components appear here."
          : "Start a cell with %%fpcache, or switch automatic mode on, and run it."}
      </p>
    </div>
  );
}

function Timeline({ lines: cells, current, choose }) {
  const most = Math.max(0.05, ...cells.map((cell) => cell.duration_s + cell.saved_s));
  return (
    <div class="timeline" role="group" aria-label="Cells of this session, the newest last"
      onKeyDown={(event) => moveFocus(event, "button")}>
      {cells.map((cell) => (
        <Bar key={cell.number} cell={cell} most={most} isCurrent={cell.number === current} choose={choose} />
      ))}
    </div>
  );
}

function Bar({ cell, most, isCurrent, choose }) {
  // Heights go with the root, so that a second can be seen beside a minute.
  const height = (value) => `${value > 0 ? Math.max(6, 100 * Math.sqrt(value / most)) : 0}%`;
  const total = cell.duration_s + cell.saved_s;
  const words = Object.entries(cell.counts).map(([status, number]) => `${number} ${STATUSES[status] ?? status}`);
  const label = `${prompt(cell)} ${cell.phase}: ${words.join(", ")}; ran ${seconds(cell.duration_s)}, saved ${seconds(cell.saved_s)}. ${cell.title}`;
  return (
    <button type="button" class={`bar is-${cell.phase}`} aria-label={label} title={label}
      aria-current={isCurrent ? "true" : undefined} tabIndex={isCurrent ? 0 : -1} onClick={() => choose(cell.number)}
      ref={(node) => isCurrent && node?.parentNode && keepInSight(node)}>
      <span class="stack" style={{ height: height(total) }}>
        <span class="saved" style={{ height: `${(100 * cell.saved_s) / (total || 1)}%` }} />
        <span class="ran" style={{ flex: 1 }} />
      </span>
      <span class="tick">{cell.execution || "·"}</span>
    </button>
  );
}

// Scrolls the strip alone: scrollIntoView would move the notebook.
function keepInSight(node) {
  const strip = node.parentNode;
  const left = node.offsetLeft - strip.offsetLeft;
  if (left < strip.scrollLeft || left + node.offsetWidth > strip.scrollLeft + strip.clientWidth) {
    strip.scrollLeft = left - strip.clientWidth / 2;
  }
}

const prompt = (cell) => `In [${cell.execution || " "}]`;

function Head({ cell, isLive, follow }) {
  const saved = cell.nodes.reduce((sum, node) => sum + node.saved_s, 0);
  return (
    <div class="cell-head">
      <h3>
        <span class="prompt">{prompt(cell)}</span> {cell.phase}
      </h3>
      <p class="facts">
        {count(cell.nodes.length, "component")} · saved {seconds(saved)} · cache's own work {seconds(cell.overhead_s)}
      </p>
      {!isLive && <button type="button" class="quiet" onClick={follow}>Back to the latest cell</button>}
    </div>
  );
}

function Graph({ cell, chosen, choose, ...rest }) {
  const shape = JSON.stringify(cell.nodes.map((node) => node.needs));
  const rails = useMemo(() => railsOf(cell.nodes), [cell.number, shape]);
  const [isAll, setAll] = useState(false);
  const near = chosen == null ? null : new Set([chosen, ...cell.nodes[chosen]?.needs.map(([source]) => source) ?? []]);
  const shown = isAll ? cell.nodes : cell.nodes.slice(0, FEW_ROWS);
  if (!cell.nodes.length) return <p class="empty">This cell holds nothing to run.</p>;
  return (
    <>
      <ol class="graph" aria-label="Components in the order in which they run" style={{ "--lanes": rails.width, "--lane": `${LANE_PX}px` }}
        onKeyDown={(event) => moveFocus(event, ".row")}>
        {shown.map((node, index) => (
          <li key={index} class={chosen === index ? "is-open" : ""}>
            <Rails row={rails.rows[index]} width={rails.width} near={near} index={index} />
            <Mark status={node.status} />
            <Row node={node} nodes={cell.nodes} isOpen={chosen === index} isFirst={index === 0}
              toggle={() => choose(chosen === index ? null : index)} />
            {chosen === index && <Details cell={cell} index={index} node={node} {...rest} />}
          </li>
        ))}
      </ol>
      {cell.nodes.length > shown.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          Show all {cell.nodes.length.toLocaleString("en")} components
        </button>
      )}
    </>
  );
}

function Rails({ row, width, near, index }) {
  const x = (lane) => `${(width - lane - 0.5) * LANE_PX}px`;
  const isNear = (source) => near && (source === index || near.has(index)) && near.has(source) ? " is-near" : "";
  const length = (lane) => `${(lane + 0.5) * LANE_PX}px`;
  return (
    <span class="rails" aria-hidden="true">
      {row.through.map(({ lane, source }) => <i class={`through${isNear(source)}`} style={{ left: x(lane) }} />)}
      {row.to.map(({ lane, source }) => <i class={`to${isNear(source)}`} style={{ left: x(lane), width: length(lane) }} />)}
      {row.reads.filter(({ source }) => !row.to.some((end) => end.source === source)).map(({ lane, source }) => (
        <i class={`branch${isNear(source)}`} style={{ left: x(lane), width: length(lane) }} />
      ))}
      {row.from && <i class={`from${isNear(row.from.source)}`} style={{ left: x(row.from.lane), width: length(row.from.lane) }} />}
    </span>
  );
}

function Row({ node, nodes, isOpen, isFirst, toggle }) {
  const isHit = node.status === "hit";
  const names = node.needs.map(([, name]) => name);
  return (
    <button type="button" class="row" aria-expanded={isOpen} onClick={toggle} tabIndex={isOpen || isFirst ? 0 : -1}>
      <span class="what">
        <code title={node.label}>{node.label}</code>
        <span class="time">{TURNING.has(node.status) ? <Elapsed /> : timeOf(node, isHit)}</span>
      </span>
      <span class="why">
        <b class={`word is-${node.status}`}>{STATUSES[node.status]}</b> {node.reason}
      </span>
      {names.length > 0 && (
        <span class="needs" title={needsOf(node, nodes)}>
          reads <code>{names.join(", ")}</code> from above
        </span>
      )}
    </button>
  );
}

const TURNING = new Set(["running", "restoring"]);

// Seconds since this was first seen to run.
function Elapsed() {
  const [passedS, setPassed] = useState(0);
  useEffect(() => {
    const start = performance.now();
    const timer = setInterval(() => setPassed(Math.floor((performance.now() - start) / 1000)), 250);
    return () => clearInterval(timer);
  }, []);
  return passedS < 1 ? "…" : seconds(passedS);
}

const timeOf = (node, isHit) => {
  if (["waiting", "skipped", "joined", "pruned"].includes(node.status)) return "";
  return isHit ? `saved ${seconds(node.saved_s)}` : seconds(node.duration_s);
};

const needsOf = (node, nodes) =>
  node.needs.map(([source, name]) => `${name} from ${lines(nodes[source].lines)} (${nodes[source].label})`).join("\n");

export { Status };
