// fpcache's dashboard: it renders what the kernel sends, and sends back what is asked for.
import { render as draw } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Cache } from "./cache.jsx";
import { connect } from "./client.js";
import { count, seconds, share, size } from "./format.js";
import { moveFocus, useChange, useConnection, useIsSpeaker, useKept, useTrait } from "./hooks.js";
import { Cells } from "./run.jsx";
import { Settings, Switch, warningsOf } from "./settings.jsx";

const TABS = { cells: "Cells", cache: "Cache", settings: "Settings" };
const NOTICE_MS = 6000;

function Panel({ client }) {
  const overview = useTrait(client, "overview");
  const live = useTrait(client, "cell");
  const [tab, setTab] = useKept(client, "tab", "cells");
  const [notice, say] = useNotice();
  const change = useChange(client, say);
  const connection = useConnection(client);
  const isSpeaker = useIsSpeaker();
  const id = useMemo(() => `fpcache-${Math.random().toString(36).slice(2)}`, []);
  if (!overview.totals) return <p class="empty">Waiting for the kernel …</p>;
  const rest = { client, overview, live, change };
  const warnings = warningsOf(overview).length;
  return (
    <>
      <Header overview={overview} live={live} change={change} connection={connection} />
      <div class="tabs" role="tablist" aria-label="Dashboard" onKeyDown={(event) => moveFocus(event, "[role=tab]")}>
        {Object.entries(TABS).map(([name, title]) => (
          <button type="button" role="tab" id={`${id}-${name}`} aria-selected={tab === name} aria-controls={`${id}-body`}
            tabIndex={tab === name ? 0 : -1} onClick={() => setTab(name)} onFocus={() => setTab(name)}
            aria-label={name === "settings" && warnings ? `${title}, ${count(warnings, "warning")}` : title}>
            {title}
            {name === "settings" && warnings > 0 && <span class="count" aria-hidden="true">{warnings}</span>}
          </button>
        ))}
      </div>
      <div class={`notice${notice.isBad ? " is-bad" : ""}${notice.text ? "" : " is-empty"}`}>
        <span role="status">{notice.text}</span>
        {notice.text && <button type="button" class="quiet" aria-label="Close this message" onClick={() => say("")}>✕</button>}
      </div>
      <div class="body" role="tabpanel" id={`${id}-body`} aria-label={TABS[tab]}>
        {tab === "cells" && <Cells {...rest} />}
        {tab === "cache" && <Cache {...rest} />}
        {tab === "settings" && <Settings {...rest} />}
      </div>
      <p class="unseen" role="status">{isSpeaker ? spoken(live) : ""}</p>
    </>
  );
}

function useNotice() {
  const [notice, setNotice] = useState({ text: "", isBad: false });
  const timer = useRef(0);
  const say = useCallback((text, isBad = false) => {
    clearTimeout(timer.current);
    setNotice({ text, isBad });
    if (!isBad) timer.current = setTimeout(() => setNotice({ text: "", isBad: false }), NOTICE_MS);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [notice, say];
}

// What a screen reader is told when a cell ends.
function spoken(cell) {
  if (!cell.number || cell.phase === "running") return "";
  const hits = cell.nodes.filter((node) => node.status === "hit").length;
  const name = cell.kind === "graph" ? "Graph" : `Cell ${cell.execution || cell.number}`;
  return `${name} ${cell.phase}: ${hits} of ${count(cell.nodes.length, "component")} hit`;
}

const CONNECTIONS = { busy: "waiting for the kernel …", lost: "not connected: run this cell again" };

function stateOf(connection, facts, live) {
  if (connection !== "ready") return [connection, CONNECTIONS[connection]];
  if (!facts.enabled) return ["off", "caching is off"];
  if (live.phase !== "running") return ["ready", "ready"];
  return ["running", live.kind === "graph" ? "running a graph" : `running In [${live.execution}]`];
}

function runsOn(devices) {
  const [first] = devices;
  if (first.kind !== "cuda") return ["CPU", "no CUDA device"];
  if (devices.length > 1) return [`${devices.length} GPUs`, devices.map((device) => device.name).join(", ")];
  return [first.name, `${size(first.used_bytes)} of ${size(first.total_bytes)}`];
}

function Header({ overview, live, change, connection }) {
  const { totals, facts, devices } = overview;
  const asked = totals.hits + totals.misses + totals.uncacheable;
  const [state, told] = stateOf(connection, facts, live);
  const [processor, more] = runsOn(devices);
  return (
    <header>
      <div class="title">
        <h2>fpcache</h2>
        <span class={`state is-${state}`} title={told}>{told}</span>
        <Switch isBare label="Automatic" on={facts.auto} disabled={!facts.can_auto || state === "lost"} set={(on) => change("auto", { on })} />
      </div>
      <dl class={`totals${state === "lost" ? " is-old" : ""}`}>
        <Total name="saved" value={seconds(totals.saved_s)} isFirst={totals.saved_s > 0} detail={`${size(totals.restored_bytes)} restored`} />
        <Total name="hit rate" value={share(totals.hit_rate)}
          detail={asked ? `${totals.hits.toLocaleString("en")} of ${asked.toLocaleString("en")}` : "nothing asked yet"}
          hint={`${totals.hits} hit, ${totals.misses} missed, ${totals.uncacheable} uncacheable; ${totals.plain} plain don't count`} />
        <Total name="overhead" value={seconds(totals.overhead_s)} detail={`${size(totals.stored_bytes)} stored`} />
        <Total name="runs on" value={processor} detail={more} hint={`${processor}, ${more}`} isWord />
      </dl>
    </header>
  );
}

function Total({ name, value, detail, hint, isFirst, isWord }) {
  return (
    <div title={hint} class={isFirst ? "is-first" : isWord ? "is-word" : ""}>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd class="dim">{detail}</dd>
    </div>
  );
}

export default {
  render({ model, el }) {
    const client = connect(model);
    const root = document.createElement("div");
    root.className = "fpcache";
    // Or the notebook takes the keys as its commands: it looks at the focused element before those around it.
    root.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true"));
    el.append(root);
    client.tell("drawn");
    const leave = () => document.visibilityState === "hidden" && client.tell("left");
    document.addEventListener("visibilitychange", leave);
    draw(<Panel client={client} />, root);
    return () => {
      document.removeEventListener("visibilitychange", leave);
      draw(null, root);
      client.close();
      root.remove();
    };
  },
};
