// State that follows the kernel.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export function useTrait(client, name) {
  const [value, setValue] = useState(() => client.get(name));
  useEffect(() => {
    const leave = client.watch(name, setValue);
    setValue(client.get(name)); // it may have changed before anyone watched
    return leave;
  }, [client, name]);
  return value;
}

export function useConnection(client) {
  const [state, setState] = useState(client.state);
  useEffect(() => {
    const leave = client.watchState(setState);
    setState(client.state());
    return leave;
  }, [client]);
  return state;
}

// State that is found again when the notebook draws the widget anew.
export function useKept(client, name, initial) {
  const [value, setValue] = useState(() => client.kept(name, initial));
  const set = useCallback((next) => {
    client.keep(name, next);
    setValue(next);
  }, [client, name]);
  return [value, set];
}

// Returns {data, problem, isAsking}; asks again when what it depends on changes, and drops late answers.
export function useAnswer(client, name, given, again) {
  const [state, setState] = useState({ data: null, problem: null, isAsking: true });
  const turn = useRef(0);
  const text = given && JSON.stringify(given);
  useEffect(() => {
    const mine = ++turn.current;
    if (!text) {
      setState({ data: null, problem: null, isAsking: false });
      return;
    }
    setState((before) => ({ ...before, isAsking: true }));
    client.ask(name, JSON.parse(text)).then(
      (data) => mine === turn.current && setState({ data, problem: null, isAsking: false }),
      (error) => mine === turn.current && setState({ data: null, problem: error.message, isAsking: false }),
    );
  }, [client, name, text, again]);
  return state;
}

// Returns a function that makes a change, and says what went wrong where it did.
export function useChange(client, say) {
  return useCallback(
    async (name, given, done) => {
      try {
        const answer = await client.ask(name, given);
        if (done) say(typeof done === "function" ? done(answer) : done);
        return answer;
      } catch (error) {
        say(error.message, true);
        return null;
      }
    },
    [client, say],
  );
}

// Returns a ref for an element, and whether it is at least this wide.
export function useIsWide(widthPx) {
  const element = useRef(null);
  const [isWide, setWide] = useState(false);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWide(entry.contentRect.width >= widthPx));
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, [widthPx]);
  return [element, isWide];
}

// Whether this view is the one that speaks: of several in a page, the first that is there.
export function useIsSpeaker() {
  const [isSpeaker, setSpeaker] = useState(false);
  useEffect(() => {
    const views = (globalThis.fpcacheViews ??= new Set());
    views.add(setSpeaker);
    const choose = () => [...views].forEach((set, place) => set(place === 0));
    choose();
    return () => {
      views.delete(setSpeaker);
      choose();
    };
  }, []);
  return isSpeaker;
}

export function useDelayed(value, delayMs) {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return late;
}

// Arrow keys, Home and End move the focus among the items of a list or a row.
export function moveFocus(event, selector) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  const items = [...event.currentTarget.querySelectorAll(selector)];
  const here = items.indexOf(event.target.closest(selector));
  if (here < 0) return;
  let next = here + (steps[event.key] ?? NaN);
  if (event.key === "Home") next = 0;
  if (event.key === "End") next = items.length - 1;
  if (Number.isNaN(next) || !items[next]) return;
  event.preventDefault();
  items[next].focus();
}
