import type { AllMiddlewareArgs } from '@slack/bolt';
import { LOADING, modalView, type Modal } from './modal';

export type ViewsClient = AllMiddlewareArgs['client'];

/**
 * Opens a modal at once, and shows in it what takes a moment to look up: a trigger is worth 3 seconds. When Slack does not
 * open it, `tell` says so where the person is: otherwise their command or button would seem dead.
 */
export async function openModal(
  client: ViewsClient,
  triggerId: string,
  load: () => Promise<Modal>,
  tell?: (text: string) => Promise<unknown>,
): Promise<void> {
  let viewId: string;
  try {
    const opened = await client.views.open({ trigger_id: triggerId, view: modalView(LOADING) });
    viewId = opened.view?.id ?? '';
  } catch (error) {
    await tell?.('Slack did not open the form in time. Nothing was changed.\n*Next:* try it again.');
    throw error;
  }
  await showIn(client, viewId, await load());
}

/** Puts a modal in place of an open one. One that was closed meanwhile stays closed. */
export async function showIn(client: ViewsClient, viewId: string, modal: Modal): Promise<void> {
  try {
    await client.views.update({ view_id: viewId, view: modalView(modal) });
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

function isClosed(error: unknown): boolean {
  const data = (error as { readonly data?: { readonly error?: unknown } } | null)?.data;
  return data?.error === 'not_found';
}
