import type { Transaction } from '../../database';
import type { Microcredits } from '../../money';
import type { PaymentPart } from '../state';

interface PaymentRow {
  payment: string;
  part: PaymentPart['part'];
  wallet_id: number;
  operation_id: string;
  credits: Microcredits;
  refund_taken: Microcredits;
  dispute_taken: Microcredits;
  disputed: Microcredits;
  open_disputes: number;
  returned: Microcredits;
  revision: number;
}

/** What became of what these operations credited, as far as they credited payments. */
export async function loadPayments(
  transaction: Transaction,
  partnerId: string,
  operationIds: ReadonlySet<string>,
): Promise<Map<string, PaymentPart>> {
  if (operationIds.size === 0) return new Map();
  const rows = await transaction.query<PaymentRow & Record<string, unknown>>(
    `select payment, part, wallet_id, operation_id, credits, refund_taken, dispute_taken, disputed, open_disputes, returned, revision
     from talktime.payment_credits
     where partner_id = $1 and operation_id = any($2::uuid[])`,
    [partnerId, [...operationIds]],
  );
  return new Map(
    rows.map((row) => [
      row.operation_id,
      {
        payment: row.payment,
        part: row.part,
        walletId: row.wallet_id,
        operationId: row.operation_id,
        credits: row.credits,
        refundTaken: row.refund_taken,
        disputeTaken: row.dispute_taken,
        disputed: row.disputed,
        openDisputes: row.open_disputes,
        returned: row.returned,
        revision: row.revision,
      },
    ]),
  );
}
