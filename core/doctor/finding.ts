import { FINDINGS, type Finding, type FindingCode } from '../contract';

/** A finding by its code: what is so; and, where there is something to do, what, and where. */
export function found(code: FindingCode, detail: string, next?: string, mend?: Finding['mend']): Finding {
  const [state, title] = FINDINGS[code];
  return { code, state, title, detail, next: next ?? null, mend: mend ?? null };
}

const RANK: Record<Finding['state'], number> = { broken: 0, warning: 1, ok: 2 };

/** Broken first, then warnings, then what is ok; each in the order in which it was looked at. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => RANK[a.state] - RANK[b.state]);
}

export function worstState(findings: readonly Finding[]): Finding['state'] {
  return worstFirst(findings)[0]?.state ?? 'ok';
}
