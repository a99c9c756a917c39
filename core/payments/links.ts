import { audit } from '../access/audit';
import type { Sealer } from '../access/seal';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import type { Actor } from '../ledger';

/** Who a link is for, and until when. */
interface Content {
  readonly partner: string;
  readonly customer: string;
  readonly version: number;
  /** Seconds. */
  readonly until: number;
}

const PURPOSE = 'pay link';

/**
 * A link by which a customer's people buy credits for it, and see no more than its visibility settings allow. Whoever has
 * the link may pay, and nothing else. It is sealed: it shows no id, and cannot be made up.
 */
export async function createPayLink(
  context: { readonly database: Database; readonly sealer: Sealer },
  partnerId: string,
  actor: Actor,
  customerId: string,
  validSeconds: number,
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const until = Math.floor(Date.now() / 1000) + validSeconds;
  return context.database.asPartner(partnerId, async (transaction) => {
    const [row] = await transaction.query<{ version: number }>(
      'select pay_link_version as version from talktime.customers where partner_id = $1 and customer_id = $2',
      [partnerId, customerId],
    );
    if (!row) throw noCustomer(customerId);
    await audit(transaction, partnerId, actor, 'pay_link.created', customerId, { until });
    const content: Content = { partner: partnerId, customer: customerId, version: row.version, until };
    const token = context.sealer.seal(JSON.stringify(content), PURPOSE).toString('base64url');
    return { token, expiresAt: new Date(until * 1000) };
  });
}

/** Ends every link of a customer that was given out until now. */
export async function endPayLinks(
  database: Database,
  partnerId: string,
  actor: Actor,
  customerId: string,
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    const rows = await transaction.query(
      `update talktime.customers set pay_link_version = pay_link_version + 1
       where partner_id = $1 and customer_id = $2
       returning customer_id`,
      [partnerId, customerId],
    );
    if (rows.length === 0) throw noCustomer(customerId);
    await audit(transaction, partnerId, actor, 'pay_links.ended', customerId, {});
  });
}

/** Whose link it is; null when it is none of ours, has run out, or was ended. */
export async function openPayLink(
  { database, sealer }: { readonly database: Database; readonly sealer: Sealer },
  token: string,
): Promise<{ readonly partnerId: string; readonly customerId: string } | null> {
  const content = readToken(sealer, token);
  if (!content || content.until * 1000 <= Date.now()) return null;
  const { partner: partnerId, customer: customerId, version } = content;
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      'select from talktime.customers where partner_id = $1 and customer_id = $2 and pay_link_version = $3',
      [partnerId, customerId, version],
    ),
  );
  return rows.length > 0 ? { partnerId, customerId } : null;
}

function readToken(sealer: Sealer, token: string): Content | null {
  try {
    return JSON.parse(sealer.open(Buffer.from(token, 'base64url'), PURPOSE)) as Content;
  } catch {
    return null; // not sealed by us, or for something else
  }
}

function noCustomer(customerId: string): TalktimeError {
  return new TalktimeError(
    'CUSTOMER_NOT_FOUND',
    `There is no customer "${customerId}". Check the id, or create the customer first.`,
  );
}
