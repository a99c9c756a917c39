/**
 * Names of what callers and agents said, and of what was made of it: never needed for billing, and the most personal part
 * of a payload. Matched in a whole name, whatever its spelling.
 */
const WHAT_WAS_SAID =
  /transcript|recording|messages$|^message_?history$|summary|analysis|audio|^artifact$|translation|log_?url$|collected_?variables|extracted_?data.|knowledge_?base|tool_?calls|executed_?(call_?)?actions/i;

/** A payload without what was said on the call. Everything else stays as it was, and so does what has a name in `keep`. */
export function withoutTranscripts(value: unknown, keep: ReadonlySet<string> = new Set()): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutTranscripts(each, keep));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => keep.has(name) || !WHAT_WAS_SAID.test(name))
      .map(([name, each]) => [name, withoutTranscripts(each, keep)]),
  );
}
