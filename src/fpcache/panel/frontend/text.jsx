// Words with code in them: what stands between backticks is code.
export function Words({ text }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code>{part}</code> : part))}</>;
}
