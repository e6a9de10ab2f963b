// Numbers and times as people write them.

export function seconds(value) {
  if (value == null) return "–";
  if (value < 0.0005) return "0 ms";
  if (value < 0.9995) return `${Math.max(1, Math.round(value * 1000))} ms`;
  if (value < 119.5) return `${value.toFixed(1)} s`;
  if (value < 7170) return `${(value / 60).toFixed(1)} min`;
  if (value < 172800) return `${(value / 3600).toFixed(1)} h`;
  return `${Math.round(value / 86400).toLocaleString("en")} days`;
}

export function size(bytes) {
  if (!bytes) return "0 B";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function share(value) {
  if (value == null) return "–";
  const percent = Math.round(value * 100);
  if (percent === 0 && value > 0) return "< 1 %";
  return percent === 100 && value < 1 ? "> 99 %" : `${percent} %`;
}

export function age(thenS, nowS = Date.now() / 1000) {
  if (!thenS) return "never";
  const passed = Math.max(0, nowS - thenS);
  for (const [unitS, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (passed >= unitS) return `${count(Math.floor(passed / unitS), unit)} ago`;
  }
  return "just now";
}

const PRECISIONS = { float16: "FP16", bfloat16: "BF16", float32: "FP32" };

// A batch that a component runs, in words: how far, how quick, in what portions, where, and what went wrong.
export function batch({ done, total, failures, per_s, together, device, dtype, workers }) {
  const far = total == null ? count(done, "item") : `${done.toLocaleString("en")} of ${count(total, "item")}`;
  const place = [device, PRECISIONS[dtype] ?? dtype].filter(Boolean).join(", ");
  return [
    far,
    `${per_s >= 10 ? Math.round(per_s).toLocaleString("en") : per_s.toFixed(1)} a second`,
    together > 1 && `${together} at once`,
    place,
    workers && workers !== "threads" && workers,
    failures > 0 && `${failures.toLocaleString("en")} failed`,
  ].filter(Boolean).join(" · ");
}

export function lines([first, last]) {
  return first === last ? `line ${first}` : `lines ${first}–${last}`;
}
