// The session's cells in time, and the components of the one that is looked at.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Details } from "./details.jsx";
import { batch, count, lines, seconds } from "./format.js";
import { moveFocus, useAnswer, useIsWide, useKept } from "./hooks.js";
import { isNear, railsOf } from "./lanes.js";
import { Mark, STATUSES } from "./statuses.jsx";
import { Words } from "./text.jsx";

const LANE_PX = 9;
const FEW_ROWS = 150;
const WIDE_PX = 860; // from here on an open component stands beside the others, not among them

export function Cells({ client, overview, live, change }) {
  // A cell's number, or null to follow the running one; and the index of the component that is open in it.
  const [chosen, choose] = useKept(client, "chosen", { number: null, index: null });
  const isLive = chosen.number == null || chosen.number === live.number;
  const past = useAnswer(client, "cell", isLive ? null : { number: chosen.number });
  const before = useRef(null);
  const cell = isLive ? live : past.data ?? before.current; // the last one stays until the other is there
  before.current = cell;
  if (!live.number) return <Empty facts={overview.facts} change={change} />;
  // An open component holds its cell in view while others run.
  const toggle = (index) =>
    choose(index === chosen.index ? { number: isLive ? null : cell.number, index: null } : { number: cell.number, index });
  return (
    <div class="cells" aria-busy={past.isAsking}>
      <Timeline lines={overview.timeline} current={chosen.number ?? live.number}
        choose={(number) => choose({ number: number === live.number ? null : number, index: null })} />
      {past.problem && <p class="problem">{past.problem}</p>}
      {cell?.number && (
        <>
          <Head cell={cell} isLive={isLive} follow={() => choose({ number: null, index: null })} />
          <Graph key={cell.number} cell={cell} chosen={cell.number === (chosen.number ?? live.number) ? chosen.index : null}
            toggle={toggle} client={client} change={change} changes={overview.changes} />
        </>
      )}
    </div>
  );
}

function Empty({ facts, change }) {
  if (!facts.enabled) {
    return (
      <div class="empty">
        <p class="lead">Caching is switched off.</p>
        <button type="button" onClick={() => change("enabled", { on: true })}>Switch it on</button>
      </div>
    );
  }
  return (
    <div class="empty">
      <p class="lead">No cached cell has run yet.</p>
      <p>{facts.auto ? "Run any cell, and its components appear here." : "Start a cell with %%fpcache and run it, or cache every cell:"}</p>
      {!facts.auto && facts.can_auto && (
        <button type="button" onClick={() => change("auto", { on: true })}>Switch automatic mode on</button>
      )}
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

const FLAGS = { failed: "✕", running: "◌" };

function Bar({ cell, most, isCurrent, choose }) {
  const bar = useRef(null);
  useEffect(() => {
    if (isCurrent) keepInSight(bar.current);
  }, [isCurrent]);
  // Heights go with the root, so that a second can be seen beside a minute.
  const height = (value) => `${value > 0 ? Math.max(6, 100 * Math.sqrt(value / most)) : 0}%`;
  const total = cell.duration_s + cell.saved_s;
  const words = Object.entries(cell.counts).map(([status, number]) => `${number} ${STATUSES[status] ?? status}`);
  const label = `${prompt(cell)} ${cell.phase}: ${words.join(", ")}; ran ${seconds(cell.duration_s)}, saved ${seconds(cell.saved_s)}. ${cell.title}`;
  return (
    <button type="button" class={`bar is-${cell.phase}`} aria-label={label} title={label} ref={bar}
      aria-current={isCurrent ? "true" : undefined} tabIndex={isCurrent ? 0 : -1} onClick={() => choose(cell.number)}>
      <span class="flag" aria-hidden="true">{FLAGS[cell.phase]}</span>
      <span class="stack" style={{ height: height(total) }}>
        <span class="saved" style={{ height: `${(100 * cell.saved_s) / (total || 1)}%` }} />
        <span class="ran" style={{ flex: 1 }} />
      </span>
      <span class="tick">{isGraph(cell) ? "G" : cell.execution || "·"}</span>
    </button>
  );
}

// Scrolls the strip alone: scrollIntoView would move the notebook.
function keepInSight(bar) {
  const strip = bar.parentNode;
  const left = bar.offsetLeft - strip.offsetLeft;
  if (left < strip.scrollLeft || left + bar.offsetWidth > strip.scrollLeft + strip.clientWidth) {
    strip.scrollLeft = left - strip.clientWidth / 2;
  }
}

const isGraph = (cell) => cell.kind === "graph";
const prompt = (cell) => (isGraph(cell) ? "Graph" : `In [${cell.execution || " "}]`);

function Head({ cell, isLive, follow }) {
  const saved = cell.nodes.reduce((sum, node) => sum + node.saved_s, 0);
  return (
    <div class="cell-head">
      <h3>
        <span class="prompt">{prompt(cell)}</span> {cell.phase}
      </h3>
      <p class="facts">
        {count(cell.nodes.length, isGraph(cell) ? "node" : "component")} · saved {seconds(saved)} · overhead {seconds(cell.overhead_s)}
      </p>
      {!isLive && <button type="button" class="quiet" onClick={follow}>Back to the latest cell</button>}
    </div>
  );
}

function Graph({ cell, chosen, toggle, ...rest }) {
  const [frame, isWide] = useIsWide(WIDE_PX);
  const shape = cell.nodes.map((node) => node.needs.map(([source]) => source).join(",")).join(";");
  const rails = useMemo(() => railsOf(cell.nodes), [shape]);
  const [isAll, setAll] = useState(false);
  const shown = isAll ? cell.nodes : cell.nodes.slice(0, FEW_ROWS);
  if (!cell.nodes.length) return <p class="empty">This cell holds nothing to run.</p>;
  const open = cell.nodes[chosen];
  return (
    <div class={`split${isWide && open ? " has-side" : ""}`} ref={frame}>
      <div>
        <ol class="graph" aria-label="Components in the order in which they run" style={{ "--lanes": rails.width, "--lane": `${LANE_PX}px` }}
          onKeyDown={(event) => moveFocus(event, ".row")}>
          {shown.map((node, index) => (
            <li key={index} class={chosen === index ? "is-open" : ""}>
              <Rails row={rails.rows[index]} width={rails.width} nodes={cell.nodes} index={index} chosen={chosen} shape={shape} />
              <Mark status={node.status} />
              <Row node={node} nodes={cell.nodes} isOpen={chosen === index} isTabStop={index === (chosen ?? 0)}
                toggle={() => toggle(index)} />
              {chosen === index && !isWide && <Details cell={cell} index={index} node={node} {...rest} />}
            </li>
          ))}
        </ol>
        {cell.nodes.length > shown.length && (
          <button type="button" class="quiet" onClick={() => setAll(true)}>
            Show all {cell.nodes.length.toLocaleString("en")} components
          </button>
        )}
      </div>
      {isWide && open && (
        <section class="side" aria-label={`Component ${open.label}`}>
          <header>
            <Mark status={open.status} />
            <h3><code title={open.label}>{open.label}</code></h3>
            <button type="button" class="quiet" aria-label="Close the component" onClick={() => toggle(chosen)}>✕</button>
          </header>
          <p class="why"><b class={`word is-${open.status}`}>{STATUSES[open.status]}</b> <Words text={open.reason} /></p>
          <Details key={chosen} cell={cell} index={chosen} node={open} {...rest} />
        </section>
      )}
    </div>
  );
}

function Rails({ row, width, nodes, index, chosen, shape }) {
  const near = (sources) => (sources.some((source) => isNear(source, index, chosen, nodes)) ? " is-near" : "");
  const left = (lane) => `${(width - lane - 0.5) * LANE_PX}px`;
  const length = (lane) => `${(lane + 0.5) * LANE_PX}px`;
  return useMemo(() => (
    <span class="rails" aria-hidden="true">
      {row.through.map(({ lane, sources }) => <i class={`through${near(sources)}`} style={{ left: left(lane) }} />)}
      {row.to.map(({ lane, sources }) => <i class={`to${near(sources)}`} style={{ left: left(lane), width: length(lane) }} />)}
      {row.branch.map(({ lane, sources }) => (
        <i class={`branch${chosen === index || sources.includes(chosen) ? " is-near" : ""}`} style={{ left: left(lane), width: length(lane) }} />
      ))}
      {row.from && <i class={`from${near(row.from.sources)}`} style={{ left: left(row.from.lane), width: length(row.from.lane) }} />}
    </span>
  ), [shape, width, index, chosen]);
}

const TURNING = new Set(["running", "restoring"]);
const TIMELESS = new Set(["waiting", "skipped", "joined"]);

function Row({ node, nodes, isOpen, isTabStop, toggle }) {
  const names = node.needs.map(([, name]) => name);
  return (
    <button type="button" class={`row of-${node.status}`} aria-expanded={isOpen} onClick={toggle} tabIndex={isTabStop ? 0 : -1}>
      <span class="what">
        <code title={node.label}>{node.label}</code>
        <span class="unseen">, </span>
        <span class="time">{TURNING.has(node.status) ? <Elapsed sinceS={node.started_s} /> : timeOf(node)}</span>
      </span>
      <span class="unseen">, </span>
      <span class="why" title={node.reason}>
        <b class={`word is-${node.status}`}>{STATUSES[node.status]}</b> <Words text={node.reason} />
      </span>
      {node.work && <Batch work={node.work} />}
      {isOpen && names.length > 0 && (
        <span class="needs" title={needsOf(node, nodes)}>
          reads <code>{names.join(", ")}</code> from above
        </span>
      )}
    </button>
  );
}

function Batch({ work }) {
  const done = work.total ? Math.min(1, work.done / work.total) : null;
  return (
    <span class="work" title={batch(work)}>
      <span class="unseen">, </span>
      {done != null && <span class="meter" aria-hidden="true"><span style={{ width: `${100 * done}%` }} /></span>}
      <span class={work.failures ? "has-failed" : ""}>{batch(work)}</span>
    </span>
  );
}

function Elapsed({ sinceS }) {
  const [nowS, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 250);
    return () => clearInterval(timer);
  }, []);
  const passedS = Math.floor(nowS - sinceS);
  return sinceS && passedS >= 1 ? seconds(passedS) : "…";
}

const timeOf = (node) => {
  if (TIMELESS.has(node.status)) return "";
  return node.status === "hit" || node.status === "pruned" ? `saved ${seconds(node.saved_s)}` : seconds(node.duration_s);
};

const needsOf = (node, nodes) =>
  node.needs.map(([source, name]) => [name, placeOf(nodes[source]), `(${nodes[source].label})`].filter(Boolean).join(" ")).join("\n");

const placeOf = (node) => (node.lines[0] ? `from ${lines(node.lines)}` : "");
