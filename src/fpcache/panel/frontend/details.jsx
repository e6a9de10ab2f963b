// One component looked at closely: why it ended as it did, and what it read, gave and rests on.
import { age, lines, seconds, size } from "./format.js";
import { useAnswer } from "./hooks.js";
import { Words } from "./text.jsx";

const OVER = new Set(["waiting", "running", "restoring", "joined", "skipped", "pruned"]);

export function Details({ client, cell, index, node, change, changes }) {
  const given = OVER.has(node.status) ? null : { number: cell.number, index };
  const { data, problem, isAsking } = useAnswer(client, "component", given, `${node.status} ${changes}`);
  if (!given) return <div class="details"><p>{node.reason ? <Words text={node.reason} /> : "It has not run yet."}</p></div>;
  if (problem) return <div class="details"><p class="problem">{problem}</p></div>;
  if (!data) return <div class="details" aria-busy={isAsking}><p class="dim">Looking it up …</p></div>;
  return (
    <div class="details">
      <Why data={data} />
      <Code data={data} />
      <Inputs data={data} />
      <Pairs title="Gives" pairs={data.outputs} />
      <Pairs title="Changes in place" pairs={data.mutated.map((label) => [plain(label), ""])} />
      <Groups title="Depends on" pairs={data.dependencies} />
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
  if (!data.difference.length) {
    return <Section title={`Code, ${lines(data.lines)}`}><pre>{data.source}</pre></Section>;
  }
  const names = { "+": "added", "-": "removed" };
  return (
    <Section title={`Code, ${lines(data.lines)}: what was edited`}>
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
const CHANGES = { changed: "changed", new: "new", gone: "no longer read", same: "", "": "" };

function Inputs({ data }) {
  if (!data.inputs.length) return null;
  const order = { changed: 0, new: 1, gone: 2 };
  const inputs = [...data.inputs].sort((a, b) => (order[a.change] ?? 3) - (order[b.change] ?? 3));
  return (
    <Section title="Reads">
      <ul class="inputs">
        {inputs.map((input) => (
          <li class={input.change ? `is-${input.change}` : ""}>
            <code>{plain(input.label)}</code>
            {CHANGES[input.change] && <b class="change">{CHANGES[input.change]}</b>}
            <span class="value">
              {input.change === "changed" && input.before !== input.summary && <><s>{input.before}</s> → </>}
              {input.change === "gone" ? <s>{input.before}</s> : input.summary !== plain(input.label) && input.summary}
            </span>
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
        {pairs.map(([name, text]) => <li><code>{name}</code><span class="value">{text}</span></li>)}
      </ul>
    </Section>
  );
}

function Groups({ title, pairs }) {
  const kinds = new Map();
  for (const [kind, name] of pairs) kinds.set(kind, [...(kinds.get(kind) ?? []), name].filter(Boolean));
  return <Pairs title={title} pairs={[...kinds].map(([kind, names]) => [kind, names.join(", ")])} />;
}

function Numbers({ data }) {
  const facts = [
    ["took", seconds(data.duration_s)],
    data.saved_s > 0 && ["saved", seconds(data.saved_s)],
    data.size_bytes > 0 && [data.stored ? "stored" : "restored", size(data.size_bytes)],
    data.device && ["device", data.device],
    data.key && ["key", <code>{data.key.slice(0, 16)}</code>],
    data.entry && ["entry's hits", data.entry.hits],
  ].filter(Boolean);
  return <dl class="numbers">{facts.map(([name, value]) => <div><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Actions({ data, change }) {
  const { entry, code_digest } = data;
  const asksTheCache = data.status !== "plain";
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
