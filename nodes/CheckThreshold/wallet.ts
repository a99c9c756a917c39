import { NodeOperationError, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import type { DeductionResult } from '../../core/contract';
import { chosenCustomer, type WalletChoice } from '../shared/customer';
import { locatedId } from '../shared/parameters';

/**
 * Whose status to ask for. The item may be an answer of Deduct Credits without a customer: taken from the partner's wallet,
 * which is then the one to check, or not charged at all, which needs the builder to decide.
 */
export async function walletToCheck(context: IExecuteFunctions, itemIndex: number): Promise<WalletChoice> {
  if (context.getNodeParameter('wallet', itemIndex, 'customer') === 'partner') return { wallet: 'partner' };
  if (locatedId(context, 'customer', itemIndex) !== undefined)
    return { customer_id: await chosenCustomer(context, itemIndex) };
  const { outcome, wallet, message } = (context.getInputData()[itemIndex]?.json ?? {}) as IDataObject;
  if (outcome === ('deducted' satisfies DeductionResult['outcome']) && wallet === 'partner')
    return { wallet: 'partner' };
  if (outcome === ('suspense' satisfies DeductionResult['outcome'])) {
    throw new NodeOperationError(context.getNode(), 'There is no customer to check: the call waits in suspense', {
      description: `${typeof message === 'string' ? `${message} ` : ''}To let such calls pass, put an If node before this one that sends on only items whose "outcome" is "deducted".`,
      itemIndex,
    });
  }
  if (outcome === ('ignored' satisfies DeductionResult['outcome'])) {
    throw new NodeOperationError(
      context.getNode(),
      'There is no customer to check: the webhook was not about an ended call',
      {
        description:
          'Deduct Credits ignored it, as it should. Put an If node before this one that sends on only items whose "outcome" is "deducted".',
        itemIndex,
      },
    );
  }
  return { customer_id: await chosenCustomer(context, itemIndex) };
}
