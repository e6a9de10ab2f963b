// One component looked at closely: why it ended as it did, and what it read, gave and rests on.
import { age, lines, seconds, size } from "./format.js";
import { useAnswer } from "./hooks.js";
import { Words } from "./text.jsx";

const OVER = new Set(["waiting", "running", "restoring", "joined", "skipped"]);

export function Details({ client, cell, index, node, change, changes }) {
  const given = OVER.has(node.status) ? null : { number: cell.number, index };
  const { data, problem, isAsking } = useAnswer(client, "component", given, `${node.status} ${changes}`);
  if (!given) return <div class="details"><p>{node.reason ? <Words text={node.reason} /> : "It has not run yet."}</p></div>;
  if (problem) return <div class="details"><p class="problem">{problem}</p></div>;
  if (!data) return <div class="details" aria-busy={isAsking}><p class="dim">Looking it up …</p></div>;
  return (
    <div class="details">
      <Why data={data} />
      <Changes data={data} />
      <Code data={data} />
      <Inputs data={data} />
      <Pairs title="Gives" pairs={data.outputs} />
      <Pairs title="Changes in place" pairs={data.mutated.map((label) => [plain(label), ""])} />
      <Groups title="Depends on" pairs={data.dependencies.filter(isAsBefore).map(({ kind, name }) => [kind, name])} />
      <Groups title="Also changes" pairs={data.effects} />
      <Numbers data={data} />
      <Actions data={data} change={change} />
    </div>
  );
}

function Why({ data }) {
  return (
    <>
      {data.remedy && <p class="remedy"><b>What to do:</b> <Words text={data.remedy} /></p>}
      {data.waived.map((text) => <p class="note">Kept although it <Words text={text} /></p>)}
      {data.notes.map((text) => <p class="note"><Words text={text} /></p>)}
      {data.entry_is_gone && <p class="note">Its entry was removed, and what it depended on with it.</p>}
      {data.earlier && (
        <p class="dim">
          Compared with what was stored {age(data.earlier.created_s)}
          {data.earlier.notebook && <> in {data.earlier.notebook.split("/").pop()}</>}.
        </p>
      )}
    </>
  );
}

function Code({ data }) {
  const title = data.lines[0] ? `Code, ${lines(data.lines)}` : "Code";
  if (!data.source) return null;
  if (!data.difference.length) return <Section title={title}><pre>{data.source}</pre></Section>;
  const names = { "+": "added", "-": "removed" };
  return (
    <Section title={`${title}: what was edited`}>
      <pre class="difference">
        {data.difference.map(([sign, text]) => (
          <span class={names[sign] ?? (sign === "@" ? "between" : "")}>
            {names[sign] && <span class="unseen">{names[sign]}: </span>}
            <span class="sign" aria-hidden="true">{sign === "@" ? "" : sign}</span>{sign === "@" ? "…" : text || " "}
          </span>
        ))}
      </pre>
    </Section>
  );
}

const plain = (label) => label.replaceAll("`", "");
const isAsBefore = ({ change }) => change === "same" || change === "";
const WORDS = { changed: "changed", new: "new", gone: "no longer read" };
const FILES = new Set(["file", "path", "listing", "tree", "depends"]);
const ORDER = { changed: 0, new: 1, gone: 2 };

// What differs from the recording that a miss was compared with, the likeliest cause first.
function Changes({ data }) {
  const named = data.dependencies.map((one) => ({ ...one, label: one.name || one.kind }));
  const changed = (list) => list.filter((one) => !isAsBefore(one)).sort((a, b) => ORDER[a.change] - ORDER[b.change]);
  const groups = {
    "Changed inputs": changed(data.inputs.filter((one) => one.kind !== "package")),
    "Changed files": changed(named.filter((one) => FILES.has(one.kind))),
    "Changed packages": changed(data.inputs.filter((one) => one.kind === "package")),
    "Changed otherwise": changed(named.filter((one) => !FILES.has(one.kind))),
  };
  return Object.entries(groups).map(([title, list]) => list.length > 0 && (
    <Section title={title}>
      <ul class="changes">{list.map((one) => <Changed one={one} />)}</ul>
    </Section>
  ));
}

function Changed({ one }) {
  const hasValues = Boolean(one.before || one.summary);
  return (
    <li>
      <p><code>{plain(one.label).replace(/^package /, "")}</code> <b class="change">{WORDS[one.change]}</b></p>
      {hasValues && one.change !== "new" && <p class="was"><span class="sign">was</span> <Value text={one.before} head={one.head_before} /></p>}
      {hasValues && one.change !== "gone" && <p class="is"><span class="sign">is</span> <Value text={one.summary} head={one.head} /></p>}
    </li>
  );
}

function Value({ text, head }) {
  return <span class="value">{text}{head && <>{": "}<span class="head">{head}</span></>}</span>;
}

function Inputs({ data }) {
  const inputs = data.inputs.filter(isAsBefore);
  if (!inputs.length) return null;
  return (
    <Section title={inputs.length < data.inputs.length ? "Reads, unchanged" : "Reads"}>
      <ul class="inputs">
        {inputs.map((input) => (
          <li>
            <code>{plain(input.label)}</code>
            {input.summary !== plain(input.label) && <Value text={input.summary} head={input.head} />}
            {input.digest && <code class="digest" title="fingerprint">{input.digest}</code>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Pairs({ title, pairs }) {
  if (!pairs.length) return null;
  return (
    <Section title={title}>
      <ul class="pairs">
        {pairs.map(([name, text, head]) => <li><code>{name}</code><Value text={text} head={head} /></li>)}
      </ul>
    </Section>
  );
}

const KINDS = { ambient: "settings of", history: "changes made to", listing: "directory", path: "path", depends: "--depends" };

function Groups({ title, pairs }) {
  const kinds = new Map();
  for (const [raw, name] of pairs) {
    const kind = KINDS[raw] ?? raw;
    kinds.set(kind, [...(kinds.get(kind) ?? []), name].filter(Boolean));
  }
  return <Pairs title={title} pairs={[...kinds].map(([kind, names]) => [kind, names.join(", ")])} />;
}

function Numbers({ data }) {
  const facts = [
    ["took", seconds(data.duration_s)],
    data.saved_s > 0 && ["saved", seconds(data.saved_s)],
    data.size_bytes > 0 && [data.stored ? "stored" : data.status === "hit" ? "restored" : "size", size(data.size_bytes)],
    data.device && ["device", data.device],
    data.where && ["ran on", data.where],
    data.key && ["key", <code>{data.key.slice(0, 16)}</code>],
    data.entry && ["entry's hits", data.entry.hits],
  ].filter(Boolean);
  return <dl class="numbers">{facts.map(([name, value]) => <div><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Actions({ data, change }) {
  const { entry, code_digest } = data;
  const asksTheCache = data.status !== "plain" && code_digest;
  return (
    <div class="actions">
      {asksTheCache && (
        <button type="button" onClick={() => change("force", { code_digest }, "It runs for real the next time.")}>
          Rerun next time
        </button>
      )}
      {entry && (
        <>
          <button type="button" aria-pressed={entry.pinned}
            onClick={() => change("pin", { entry_id: entry.entry_id, pinned: !entry.pinned }, entry.pinned ? "No longer pinned." : "Pinned: it stays when all are forgotten.")}>
            {entry.pinned ? "Pinned" : "Pin"}
          </button>
          <button type="button" onClick={() => change("evict", { entry_id: entry.entry_id }, "Forgotten.")}>
            Forget
          </button>
        </>
      )}
    </div>
  );
}

function Section({ title, children }) {
  return <section><h4>{title}</h4>{children}</section>;
}
