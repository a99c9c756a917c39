import { z } from 'zod';

/** A seal's digest as it is kept outside the database. */
export interface Anchor {
  readonly partnerId: string;
  readonly seal: bigint;
  readonly at: string;
  readonly digest: string;
}

const line = z
  .object({
    partner: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    seal: z.string().regex(/^[1-9]\d{0,17}$/),
    at: z.string(),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .strict();

/** Something in an anchor file that is no anchor. Nothing can be compared with such a file. */
export class AnchorsUnreadable extends Error {
  override readonly name = 'AnchorsUnreadable';
}

/** Reads an anchor file: one JSON object a line, only ever added to. */
export function parseAnchors(text: string): Anchor[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((each, index) => {
    let json: unknown;
    try {
      json = JSON.parse(each);
    } catch {
      json = undefined;
    }
    const parsed = line.safeParse(json);
    if (!parsed.success)
      throw new AnchorsUnreadable(
        `Line ${index + 1} of the anchor file is not a seal. Restore the file, or start a new one elsewhere.`,
      );
    const { partner, seal, at, digest } = parsed.data;
    return { partnerId: partner, seal: BigInt(seal), at, digest };
  });
}

export function formatAnchor({ partnerId, seal, at, digest }: Anchor): string {
  return `${JSON.stringify({ partner: partnerId, seal: String(seal), at, digest })}\n`;
}

/** The newest seals that the file does not have yet. */
export function newAnchors(known: readonly Anchor[], newest: readonly Anchor[]): Anchor[] {
  const have = new Set(known.map(({ partnerId, seal }) => `${partnerId} ${seal}`));
  return newest.filter(({ partnerId, seal }) => !have.has(`${partnerId} ${seal}`));
}
