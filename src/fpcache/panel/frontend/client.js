// Questions to the kernel over the widget's channel, and the two traits that it sends.

const PATIENCE_MS = 20000;

export function connect(model) {
  const waiting = new Map();
  const own = Math.random().toString(36).slice(2);
  let asked = 0;

  const receive = (message) => {
    const found = waiting.get(message?.number);
    if (!found) return;
    waiting.delete(message.number);
    clearTimeout(found.timer);
    if (message.problem) found.reject(new Error(message.problem));
    else found.resolve(message.answer);
  };
  model.on("msg:custom", receive);

  const ask = (name, given = {}) =>
    new Promise((resolve, reject) => {
      const number = `${own}-${++asked}`;
      const timer = setTimeout(() => {
        waiting.delete(number);
        reject(new Error("the kernel does not answer; it may be busy, restarted, or gone"));
      }, PATIENCE_MS);
      waiting.set(number, { resolve, reject, timer });
      model.send({ number, ask: name, given });
    });

  const tell = (name) => model.send({ ask: name });

  const watch = (name, changed) => {
    const event = `change:${name}`;
    const told = () => changed(model.get(name));
    model.on(event, told);
    return () => model.off(event, told);
  };

  const close = () => {
    model.off("msg:custom", receive);
    for (const { timer } of waiting.values()) clearTimeout(timer);
    waiting.clear();
  };

  return { ask, tell, watch, get: (name) => model.get(name), close };
}
