// Each status as a word, a shape and a colour (the colour is in panel.css): none is told by colour alone.

export const STATUSES = {
  hit: "hit",
  miss: "miss",
  uncacheable: "uncacheable",
  plain: "plain",
  running: "running",
  restoring: "restoring",
  failed: "failed",
  waiting: "waiting",
  joined: "ran with another",
  skipped: "not reached",
  pruned: "pruned",
};

const SHAPES = {
  hit: <circle cx="8" cy="8" r="5.5" class="fill" />,
  miss: <path d="M8 2.2 14 13.2H2Z" class="fill" />,
  uncacheable: <rect x="2.8" y="2.8" width="10.4" height="10.4" rx="1.5" class="fill" />,
  plain: <circle cx="8" cy="8" r="2.6" class="fill" />,
  running: <circle cx="8" cy="8" r="5" class="line turning" />,
  restoring: <circle cx="8" cy="8" r="5" class="line turning" />,
  failed: <path d="M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5" class="line" />,
  waiting: <circle cx="8" cy="8" r="4.6" class="line" />,
  joined: <path d="M5 3v5.5a2 2 0 0 0 2 2h5" class="line" />,
  skipped: <circle cx="8" cy="8" r="4.6" class="line dashed" />,
  pruned: <path d="M8 2.5 13.5 8 8 13.5 2.5 8Z" class="line" />,
};

export function Mark({ status }) {
  return (
    <svg class={`mark is-${status}`} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[status] ?? SHAPES.waiting}
    </svg>
  );
}
