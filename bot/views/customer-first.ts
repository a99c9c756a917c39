import { section } from '../messages/message';
import type { Meant } from '../commands/customer';
import { customerInput } from './inputs';
import type { Modal, ModalContext } from './modal';
import { remarkOn } from './money';

/** Asks for the customer, when the rest depends on whom it is about. */
export function customerForm(
  { callbackId, title }: { readonly callbackId: string; readonly title: string },
  meant: Exclude<Meant, { kind: 'one' }> | null,
  context: ModalContext,
): Modal {
  const remark = meant ? remarkOn(meant) : undefined;
  return {
    callbackId,
    title,
    submit: 'Next',
    close: 'Cancel',
    blocks: [...(remark === undefined ? [] : [section(remark)]), customerInput()],
    context,
  };
}
