import { listDeliveries, replayDelivery, type InboxState, type Talktime } from '@talktime/core/calls';

type Print = (line: string) => void;

/** Prints the deliveries of a partner, newest first. */
export async function printInbox(
  { database }: Talktime,
  partnerId: string,
  state: InboxState | undefined,
  print: Print,
): Promise<void> {
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await listDeliveries(database, partnerId, { limit: 200, cursor, state });
    for (const each of page.items) {
      print(
        `${each.id}  ${each.received_at}  ${each.provider}  ${each.state}  ${each.provider_call_id ?? '-'}${each.message ? `  ${each.message}` : ''}`,
      );
    }
    count += page.items.length;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  if (count === 0) print('The inbox has none.');
}

/** Works on a delivery again, and prints what became of it. */
export async function replayFromInbox(
  talktime: Talktime,
  partnerId: string,
  deliveryId: string,
  print: Print,
): Promise<void> {
  const { state, message } = await replayDelivery(talktime, partnerId, deliveryId);
  print(message ? `${state}: ${message}` : state);
}
