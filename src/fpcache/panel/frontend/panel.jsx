// fpcache's dashboard: it renders what the kernel sends, and sends back what is asked for.
import { render as draw } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Cache } from "./cache.jsx";
import { connect } from "./client.js";
import { count, seconds, share, size } from "./format.js";
import { moveFocus, useChange, useTrait } from "./hooks.js";
import { Cells } from "./run.jsx";
import { Settings, Switch } from "./settings.jsx";

const TABS = { cells: "Cells", cache: "Cache", settings: "Settings" };
const NOTICE_MS = 6000;

function Panel({ client }) {
  const overview = useTrait(client, "overview");
  const live = useTrait(client, "cell");
  const [tab, setTab] = useState("cells");
  const [notice, say] = useNotice();
  const change = useChange(client, say);
  const id = useMemo(() => `fpcache-${Math.random().toString(36).slice(2)}`, []);
  if (!overview.totals) return <p class="empty">Waiting for the kernel …</p>;
  const rest = { client, overview, live, change, say };
  return (
    <>
      <Header overview={overview} live={live} change={change} />
      <div class="tabs" role="tablist" aria-label="Dashboard" onKeyDown={(event) => moveFocus(event, "[role=tab]")}>
        {Object.entries(TABS).map(([name, title]) => (
          <button type="button" role="tab" id={`${id}-${name}`} aria-selected={tab === name} aria-controls={`${id}-body`}
            tabIndex={tab === name ? 0 : -1} onClick={() => setTab(name)} onFocus={() => setTab(name)}>
            {title}
            {name === "settings" && overview.faults.length > 0 && (
              <span class="count" aria-label={count(overview.faults.length, "warning")}>{overview.faults.length}</span>
            )}
          </button>
        ))}
      </div>
      <div class="body" role="tabpanel" id={`${id}-body`} aria-labelledby={`${id}-${tab}`}>
        {tab === "cells" && <Cells {...rest} />}
        {tab === "cache" && <Cache {...rest} />}
        {tab === "settings" && <Settings {...rest} />}
      </div>
      <p class={`notice${notice.isBad ? " is-bad" : ""}`} role="status" hidden={!notice.text}>{notice.text}</p>
      <p class="unseen" role="status">{spoken(live)}</p>
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
  return `Cell ${cell.execution || cell.number} ${cell.phase}: ${hits} of ${count(cell.nodes.length, "component")} hit`;
}

function Header({ overview, live, change }) {
  const { totals, facts, devices } = overview;
  const asked = totals.hits + totals.misses + totals.uncacheable;
  const state = !facts.enabled ? "off" : live.phase === "running" ? "running" : "ready";
  return (
    <header>
      <div class="title">
        <h2>fpcache</h2>
        <span class={`state is-${state}`}>{state === "off" ? "caching is off" : state === "running" ? `running In [${live.execution}]` : "ready"}</span>
        <Switch isBare label="Automatic" on={facts.auto} disabled={!facts.can_auto} set={(on) => change("auto", { on })} />
      </div>
      <dl class="totals">
        <Total name="saved" value={seconds(totals.saved_s)} isFirst detail={`${size(totals.restored_bytes)} restored`} />
        <Total name="hit rate" value={share(totals.hit_rate)}
          detail={asked ? `${totals.hits} of ${asked}; ${totals.misses} missed, ${totals.uncacheable} uncacheable` : "nothing asked yet"} />
        <Total name="cache's own work" value={seconds(totals.overhead_s)} detail={`${size(totals.stored_bytes)} stored`} />
        <Total name="runs on" value={devices[0].kind === "cuda" ? `${devices.length > 1 ? `${devices.length} × ` : ""}${devices[0].name}` : "CPU"}
          detail={devices[0].kind === "cuda" ? `${size(devices[0].used_bytes)} of ${size(devices[0].total_bytes)}` : "no CUDA device"} isWord />
      </dl>
    </header>
  );
}

function Total({ name, value, detail, isFirst, isWord }) {
  return (
    <div class={isFirst ? "is-first" : isWord ? "is-word" : ""}>
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
