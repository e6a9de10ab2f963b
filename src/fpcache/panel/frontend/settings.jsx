// The session's switches, the processors, and what is wrong with the cache.
import { useEffect, useState } from "preact/hooks";
import { size } from "./format.js";

export function Settings({ overview, change }) {
  const { facts, devices, faults } = overview;
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
          : <ul class="faults">{faults.map((fault) => <li class="problem">{fault}</li>)}</ul>}
      </section>
    </div>
  );
}

export function Switch({ label, text, on, set, disabled, isBare }) {
  return (
    <label class={`switch${isBare ? " is-bare" : ""}`}>
      <input type="checkbox" role="switch" checked={on} disabled={disabled} onChange={(event) => set(event.currentTarget.checked)} />
      <span class="track" aria-hidden="true" />
      <span class="label">{label}{text && <small>{text}</small>}</span>
    </label>
  );
}

function MinSeconds({ value, change }) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const number = Number(text);
  const isBad = text.trim() === "" || !Number.isFinite(number) || number < 0;
  const set = () => !isBad && number !== value && change("min_seconds", { seconds: number }, "Holds from the next cell on.");
  return (
    <label class="field">
      <span class="label">Least seconds<small>Statements quicker than this run for real; 0 caches all.</small></span>
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
      <p><b>{device.name}</b> <span class="dim">{device.load == null ? "load not told" : `${device.load} % busy`}</span></p>
      <div class="meter" role="meter" aria-label="Memory in use" aria-valuemin="0" aria-valuemax="100" aria-valuenow={Math.round(share * 100)}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <p class="dim">{size(device.used_bytes)} of {size(device.total_bytes)} in use</p>
    </div>
  );
}
