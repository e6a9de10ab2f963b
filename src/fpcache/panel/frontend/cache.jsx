// What is stored: searched, sorted and paged by the kernel, so that ten thousand entries cost as little as ten.
import { useEffect, useState } from "preact/hooks";
import { age, count, seconds, size } from "./format.js";
import { useAnswer, useDelayed } from "./hooks.js";

const PAGE = 25;
const SORTS = {
  created: "newest", used: "last used", saved: "most saved", size: "largest", duration: "longest run",
  hits: "most hits", label: "name", notebook: "notebook and cell",
};

export function Cache({ client, overview, change }) {
  const [search, setSearch] = useState("");
  const [sort, setSort] = useState("created");
  const [offset, setOffset] = useState(0);
  const late = useDelayed(search, 150);
  useEffect(() => setOffset(0), [late, sort]);
  const again = `${overview.changes} ${overview.facts.store.entries}`;
  const { data, problem } = useAnswer(client, "entries", { search: late, sort, offset, limit: PAGE }, again);
  const store = overview.facts.store;
  useEffect(() => {
    if (data && data.rows.length === 0 && offset > 0) setOffset(Math.max(0, offset - PAGE));
  }, [data, offset]);
  return (
    <div class="cache">
      <Stock store={store} change={change} />
      <div class="tools">
        <input type="search" placeholder="Search code, name, notebook" aria-label="Search the entries" value={search}
          onInput={(event) => setSearch(event.currentTarget.value)} />
        <label>
          <span class="unseen">Sort by</span>
          <select aria-label="Sort by" value={sort} onChange={(event) => setSort(event.currentTarget.value)}>
            {Object.entries(SORTS).map(([value, text]) => <option value={value}>{text}</option>)}
          </select>
        </label>
      </div>
      {problem && <p class="problem">{problem}</p>}
      {data && data.count === 0 && (
        <p class="empty">{late ? "No entry matches." : "Nothing is stored yet."}</p>
      )}
      {data && data.rows.length > 0 && (
        <>
          <ul class="entries">
            {data.rows.map((entry, index) => (
              <Entry key={entry.entry_id} entry={entry} change={change}
                group={sort === "notebook" && groupOf(entry) !== groupOf(data.rows[index - 1]) ? groupOf(entry) : null} />
            ))}
          </ul>
          <Pages offset={offset} shown={data.rows.length} total={data.count} go={setOffset} />
        </>
      )}
    </div>
  );
}

const groupOf = (entry) => {
  if (!entry) return null;
  const notebook = entry.notebook ? entry.notebook.split("/").pop() : "Notebook without a name";
  return entry.cell ? `${notebook}, cell ${entry.cell.slice(0, 12)}` : notebook;
};

function Stock({ store, change }) {
  const [isAsked, setAsked] = useState(false);
  if (store.problem) return <p class="problem">{store.problem}</p>;
  const going = store.entries - store.pinned;
  return (
    <div class="stock">
      <p>
        <b>{count(store.entries, "entry", "entries")}</b>, {size(store.size_bytes)}; {store.pinned.toLocaleString("en")} pinned.
        {" "}Saved {seconds(store.saved_s)} in {count(store.hits, "hit")} so far.
      </p>
      {!isAsked && going > 0 && <button type="button" onClick={() => setAsked(true)}>Clear …</button>}
      {isAsked && (
        <div class="confirm" role="alertdialog" aria-label="Clear the cache">
          <p>Forget {count(going, "entry", "entries")}? {store.pinned > 0 && `${store.pinned} pinned stay. `}Their code runs again.</p>
          <button type="button" class="danger" ref={(node) => node?.focus()}
            onClick={() => change("clear", { confirmed: true }, (answer) => `${count(answer.entries, "entry", "entries")} forgotten.`).then(() => setAsked(false))}>
            Forget them
          </button>
          <button type="button" onClick={() => setAsked(false)}>Keep them</button>
        </div>
      )}
    </div>
  );
}

function Entry({ entry, group, change }) {
  const { entry_id, code_digest, pinned } = entry;
  return (
    <>
      {group && <li class="group">{group}</li>}
      <li class="entry">
        <div class="about">
          <code title={entry.source}>{entry.label}</code>
          {entry.name && <span class="name">{entry.name}</span>}
          {pinned && <span class="name">pinned</span>}
          <p class="facts">
            {size(entry.size_bytes)} · ran {seconds(entry.duration_s)} · {entry.hits ? `saved ${seconds(entry.saved_s)} in ${count(entry.hits, "hit")}` : "no hit yet"}
            {" · "}made {age(entry.created_s)}{entry.used_s > 0 && ` · used ${age(entry.used_s)}`}
          </p>
        </div>
        <div class="actions">
          <button type="button" aria-pressed={pinned} aria-label={`${pinned ? "Unpin" : "Pin"} ${entry.label}`}
            onClick={() => change("pin", { entry_id, pinned: !pinned })}>{pinned ? "Unpin" : "Pin"}</button>
          <button type="button" aria-label={`Run next time ${entry.label}`} title="Run its code for real the next time"
            onClick={() => change("force", { code_digest }, "It runs for real the next time.")}>Run</button>
          <button type="button" aria-label={`Forget ${entry.label}`}
            onClick={() => change("evict", { entry_id }, "Forgotten.")}>Forget</button>
        </div>
      </li>
    </>
  );
}

function Pages({ offset, shown, total, go }) {
  return (
    <div class="pages">
      <button type="button" disabled={offset === 0} onClick={() => go(Math.max(0, offset - PAGE))}>Previous page</button>
      <span>{(offset + 1).toLocaleString("en")}–{(offset + shown).toLocaleString("en")} of {total.toLocaleString("en")}</span>
      <button type="button" disabled={offset + PAGE >= total} onClick={() => go(offset + PAGE)}>Next page</button>
    </div>
  );
}
