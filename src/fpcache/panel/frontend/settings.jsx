// The session's switches, the processors, and what is wrong with the cache.
import { useEffect, useId, useState } from "preact/hooks";
import { size } from "./format.js";
import { Words } from "./text.jsx";

export function Settings({ overview, change }) {
  const { facts, devices } = overview;
  const faults = warningsOf(overview);
  return (
    <div class="settings">
      <section>
        <h3>Session</h3>
        <Switch label="Caching" text="Off runs every cell plainly; nothing stored is lost." on={facts.enabled}
          set={(on) => change("enabled", { on })} />
        <Switch label="Automatic mode" text="Cache every cell, not only those that start with %%fpcache." on={facts.auto}
          disabled={!facts.can_auto} set={(on) => change("auto", { on })} />
        <MinSeconds value={facts.min_seconds} change={change} />
      </section>
      <section>
        <h3>Processors</h3>
        {devices.map((device) => <Device device={device} />)}
      </section>
      <section>
        <h3>Warnings</h3>
        {faults.length === 0 ? <p class="dim">Nothing is wrong with the cache.</p>
          : <ul class="faults">{faults.map((fault) => <li class="problem"><Words text={fault} /></li>)}</ul>}
      </section>
    </div>
  );
}

// What is wrong with the cache, now and earlier.
export function warningsOf({ facts, faults }) {
  const now = [facts.store.problem].filter(Boolean);
  return [...now, ...faults.filter((fault) => !now.includes(fault))];
}

export function Switch({ label, text, on, set, disabled, isBare }) {
  const id = useId();
  return (
    <label class={`switch${isBare ? " is-bare" : ""}`}>
      <input type="checkbox" role="switch" checked={on} disabled={disabled} aria-label={label}
        aria-describedby={text ? id : undefined} onChange={(event) => set(event.currentTarget.checked)} />
      <span class="track" aria-hidden="true" />
      <span class="label">{label}{text && <small id={id}>{text}</small>}</span>
    </label>
  );
}

function MinSeconds({ value, change }) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const number = Number(text.trim().replace(",", "."));
  const isBad = !/^\d*[.,]?\d+(e-?\d+)?$/.test(text.trim());
  const set = () => !isBad && number !== value && change("min_seconds", { seconds: number }, "Holds from the next cell on.");
  return (
    <label class="field">
      <span class="label">Shortest run worth caching, in seconds<small>{isBad ? "This is no number of seconds." : "Quicker statements run for real; 0 caches all."}</small></span>
      <input type="text" inputMode="decimal" value={text} aria-invalid={isBad} onInput={(event) => setText(event.currentTarget.value)}
        onBlur={set} onKeyDown={(event) => event.key === "Enter" && set()} />
    </label>
  );
}

function Device({ device }) {
  if (device.kind !== "cuda") return <p class="device"><b>{device.name}</b> <span class="dim">{device.detail}</span></p>;
  const share = device.total_bytes ? device.used_bytes / device.total_bytes : 0;
  return (
    <div class="device">
      <p><b>{device.name}</b> <span class="dim">{device.load == null ? "load unknown" : `${device.load} % busy`}</span></p>
      <div class="meter" role="meter" aria-label={`Memory in use on ${device.name}`} aria-valuetext={`${size(device.used_bytes)} of ${size(device.total_bytes)}`} aria-valuemin="0" aria-valuemax="100" aria-valuenow={Math.round(share * 100)}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <p class="dim">{size(device.used_bytes)} of {size(device.total_bytes)} in use</p>
    </div>
  );
}
