// What is stored: searched, sorted and paged by the kernel, so that ten thousand entries cost as little as ten.
import { useEffect, useRef, useState } from "preact/hooks";
import { age, count, seconds, size } from "./format.js";
import { useAnswer, useDelayed, useKept } from "./hooks.js";

const PAGE = 25;
const SORTS = {
  created: "newest", used: "last used", saved: "most saved", size: "largest", duration: "longest run",
  hits: "most hits", label: "name", notebook: "notebook and cell",
};

export function Cache({ client, overview, change }) {
  const [wish, setWish] = useKept(client, "entries", { search: "", sort: "created", offset: 0 });
  const late = useDelayed(wish, 150);
  const store = overview.facts.store;
  const search = useRef(null);
  const again = `${overview.changes} ${store.entries}`;
  const { data, problem } = useAnswer(client, "entries", store.problem ? null : { ...late, limit: PAGE }, again);
  useEffect(() => {
    if (data && !data.rows.length && data.offset > 0) setWish({ ...wish, offset: Math.max(0, data.offset - PAGE) });
  }, [data]);
  if (store.problem) return <p class="problem">{store.problem}</p>;
  const ask = (part) => setWish({ ...wish, offset: 0, ...part });
  return (
    <div class="cache">
      <Stock store={store} change={change} done={() => search.current?.focus()} />
      <div class="tools">
        <input type="search" placeholder="Search code, name, notebook" aria-label="Search the entries" value={wish.search} ref={search}
          onInput={(event) => ask({ search: event.currentTarget.value })} />
        <select aria-label="Sort by" value={wish.sort} onChange={(event) => ask({ sort: event.currentTarget.value })}>
          {Object.entries(SORTS).map(([value, text]) => <option value={value}>{text}</option>)}
        </select>
      </div>
      {problem && <p class="problem">{problem}</p>}
      {data && data.count === 0 && <p class="empty">{late.search ? "No entry matches." : "Nothing is stored yet."}</p>}
      {data && data.rows.length > 0 && (
        <>
          <ul class="entries">
            {data.rows.map((entry, index) => (
              <Entry key={entry.entry_id} entry={entry} change={change} fallback={search}
                group={late.sort === "notebook" && groupOf(entry) !== groupOf(data.rows[index - 1]) ? groupOf(entry) : null} />
            ))}
          </ul>
          {data.count > data.rows.length && <Pages data={data} go={(offset) => setWish({ ...wish, offset })} />}
        </>
      )}
    </div>
  );
}

const groupOf = (entry) => {
  if (!entry) return null;
  const notebook = entry.notebook ? entry.notebook.split("/").pop() : "Notebook without a name";
  const cell = entry.cell_title || entry.cell.slice(0, 12);
  return cell ? `${notebook} › ${cell}` : notebook;
};

function Stock({ store, change, done }) {
  const [isAsked, setAsked] = useState(false);
  const opener = useRef(null);
  const going = store.entries - store.pinned;
  const keep = () => {
    setAsked(false);
    setTimeout(() => opener.current?.focus());
  };
  const forget = () =>
    change("clear", { confirmed: true }, (answer) => `${count(answer.entries, "entry", "entries")} forgotten.`).then(() => {
      setAsked(false);
      done();
    });
  return (
    <div class="stock">
      <p>
        <b>{count(store.entries, "entry", "entries")}</b>, {size(store.size_bytes)}; {store.pinned.toLocaleString("en")} pinned.
        {" "}Saved {seconds(store.saved_s)} in {count(store.hits, "hit")} so far.
      </p>
      {!isAsked && going > 0 && <button type="button" ref={opener} onClick={() => setAsked(true)}>Forget all …</button>}
      {isAsked && <Confirm going={going} pinned={store.pinned} forget={forget} keep={keep} />}
    </div>
  );
}

function Confirm({ going, pinned, forget, keep }) {
  const safe = useRef(null);
  useEffect(() => safe.current.focus(), []);
  return (
    <div class="confirm" role="group" aria-label="Forget all entries" onKeyDown={(event) => event.key === "Escape" && keep()}>
      <p>
        Forget {count(going, "entry", "entries")}? {pinned > 0 && `${count(pinned, "pinned entry stays", "pinned entries stay")}. `}
        Their code runs again.
      </p>
      <button type="button" class="danger" onClick={forget}>Forget them</button>
      <button type="button" ref={safe} onClick={keep}>Keep them</button>
    </div>
  );
}

function Entry({ entry, group, change, fallback }) {
  const { entry_id, code_digest, pinned, label } = entry;
  const row = useRef(null);
  const forget = () => {
    const next = neighbour(row.current) ?? fallback.current;
    change("evict", { entry_id }, "Forgotten.").then((answer) => answer && next?.focus());
  };
  return (
    <>
      {group && <li class="group" title={entry.notebook}>{group}</li>}
      <li class="entry" ref={row}>
        <div class="about">
          <p class="named">
            <code title={entry.source}>{label}</code>
            {entry.name && <span class="name" title={entry.name}>{entry.name}</span>}
          </p>
          <p class="facts">
            {size(entry.size_bytes)} · ran {seconds(entry.duration_s)} · {entry.hits ? `saved ${seconds(entry.saved_s)} in ${count(entry.hits, "hit")}` : "no hit yet"}
            {" · "}made {age(entry.created_s)}{entry.used_s > 0 && ` · used ${age(entry.used_s)}`}
          </p>
        </div>
        <div class="actions">
          <button type="button" aria-pressed={pinned} aria-label={`Pin ${label}`} title="Keep it when all are forgotten"
            onClick={() => change("pin", { entry_id, pinned: !pinned })}>{pinned ? "Pinned" : "Pin"}</button>
          {code_digest && (
            <button type="button" aria-label={`Rerun ${label} next time`} title="Run its code for real the next time"
              onClick={() => change("force", { code_digest }, "It runs for real the next time.")}>Rerun</button>
          )}
          <button type="button" class="forget" aria-label={`Forget ${label}`} onClick={forget}>Forget</button>
        </div>
      </li>
    </>
  );
}

// The same button of the next entry, or of the one before: where the focus goes when an entry vanishes.
function neighbour(row) {
  const rows = [...row.parentNode.querySelectorAll(".entry")];
  const here = rows.indexOf(row);
  return (rows[here + 1] ?? rows[here - 1])?.querySelector(".forget") ?? null;
}

function Pages({ data, go }) {
  const { offset, rows, count: total } = data;
  const [isFirst, isLast] = [offset === 0, offset + PAGE >= total];
  return (
    <div class="pages">
      <button type="button" aria-disabled={isFirst} onClick={() => isFirst || go(Math.max(0, offset - PAGE))}>Previous page</button>
      <span>{(offset + 1).toLocaleString("en")}–{(offset + rows.length).toLocaleString("en")} of {total.toLocaleString("en")}</span>
      <button type="button" aria-disabled={isLast} onClick={() => isLast || go(offset + PAGE)}>Next page</button>
    </div>
  );
}
