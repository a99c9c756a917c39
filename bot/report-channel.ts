import { WebAPIPlatformError, WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import { weeklyReportMessage } from './messages';
import type { BotLogger, Installations, ReportShown } from './ports';
import { webClientOptions, type SlackClientOptions } from './slack-client';

/** What came of posting a report; `failed` is worth another attempt later. */
export type ReportPosted =
  | { readonly kind: 'posted'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterSeconds?: number };

export interface ReportChannelOptions extends SlackClientOptions {
  readonly installations: Installations;
  readonly logger: BotLogger;
}

/** Posts weekly reports to partners' own channels. */
export function createReportChannel(options: ReportChannelOptions) {
  return async (
    report: ReportShown,
    { teamId, channel }: { readonly teamId: string | null; readonly channel: string },
  ): Promise<ReportPosted> => {
    const installation = await options.installations({ teamId, enterpriseId: null });
    if (!installation) return { kind: 'failed', reason: 'The app is not installed in the workspace.' };
    const client = new WebClient(installation.botToken, webClientOptions(options, options.logger));
    try {
      const { text, blocks } = weeklyReportMessage(report, '/credits');
      const { ts, channel: postedIn } = await client.chat.postMessage({
        channel,
        text,
        blocks,
        unfurl_links: false,
        unfurl_media: false,
        link_names: false,
        parse: 'none',
      });
      if (!ts) return { kind: 'failed', reason: 'Slack answered without naming the message.' };
      return { kind: 'posted', channel: postedIn ?? channel, ts };
    } catch (error) {
      return failure(error);
    }
  };
}

function failure(error: unknown): ReportPosted {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'failed', reason: 'Slack asks to wait (429).', retryAfterSeconds: error.retryAfter };
  if (error instanceof WebAPIPlatformError) return { kind: 'failed', reason: `Slack answered ${error.data.error}.` };
  return {
    kind: 'failed',
    reason: `Slack could not be reached: ${error instanceof Error ? error.message : 'unknown'}`,
  };
}
