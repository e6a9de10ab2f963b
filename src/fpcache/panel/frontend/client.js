// Questions to the kernel over the widget's channel, the traits that it sends, and what a view wants to find again.

const PATIENCE_MS = 20000;
const BUSY_MS = 1000;
const LOST = "Not connected: the kernel was restarted or has ended. Run this dashboard's cell again.";
const LATE = "The kernel has not answered yet. If it is busy, it may still do this later.";

export function connect(model) {
  const waiting = new Map();
  const listeners = new Set();
  const own = Math.random().toString(36).slice(2);
  let asked = 0;
  let state = "ready"; // or "busy", "lost"

  const become = (next) => {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener(state);
  };

  const send = (message) => {
    try {
      model.send(message);
      if (state === "lost") become("ready");
      return true;
    } catch {
      become("lost");
      return false;
    }
  };

  const receive = (message) => {
    const found = waiting.get(message?.number);
    if (!found) return;
    waiting.delete(message.number);
    clearTimeout(found.busy);
    clearTimeout(found.late);
    if (!waiting.size && state === "busy") become("ready");
    if (message.problem) found.reject(new Error(message.problem));
    else found.resolve(message.answer);
  };

  const ask = (name, given = {}) =>
    new Promise((resolve, reject) => {
      const number = `${own}-${++asked}`;
      if (!send({ number, ask: name, given })) return reject(new Error(LOST));
      const busy = setTimeout(() => state === "ready" && become("busy"), BUSY_MS);
      const late = setTimeout(() => {
        waiting.delete(number);
        if (!waiting.size && state === "busy") become("ready");
        reject(new Error(LATE));
      }, PATIENCE_MS);
      waiting.set(number, { resolve, reject, busy, late });
    });

  const lose = () => become("lost");
  const tell = (name) => send({ ask: name });
  const tryAgain = () => tell("drawn");
  const events = { "msg:custom": receive, "comm:close": lose, destroy: lose, comm_live_update: tryAgain };
  for (const [event, listener] of Object.entries(events)) model.on(event, listener);

  return {
    ask,
    tell,
    get: (name) => model.get(name),
    watch(name, changed) {
      const told = () => changed(model.get(name));
      model.on(`change:${name}`, told);
      return () => model.off(`change:${name}`, told);
    },
    state: () => state,
    watchState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // The notebook may draw a widget anew at any time: what was chosen lies with the model, and never goes to the kernel.
    kept: (name, initial) => model.get("_fpcache_view")?.[name] ?? initial,
    keep: (name, value) => model.set("_fpcache_view", { ...model.get("_fpcache_view"), [name]: value }),
    close() {
      for (const [event, listener] of Object.entries(events)) model.off(event, listener);
      for (const { busy, late } of waiting.values()) {
        clearTimeout(busy);
        clearTimeout(late);
      }
      waiting.clear();
      listeners.clear();
    },
  };
}
