import { RespondError, type AllMiddlewareArgs, type SlackCommandMiddlewareArgs } from '@slack/bolt';
import type { BotDependencies } from '../asker';
import type { Answer, Message, Picture, SendPicture } from '../messages';

const A_DAY = 24 * 60 * 60 * 1000;
/** The response address has been used up or is too old: nothing more can be said there. */
const GONE = 404;

/** Workspaces whose Slack refused a chart: they are asked again after a day, since charts come to all of them in time. */
export class Chartless {
  readonly #until = new Map<string, number>();

  add(teamId: string, now = Date.now()): void {
    this.#until.set(teamId, now + A_DAY);
  }

  has(teamId: string, now = Date.now()): boolean {
    const isLate = (this.#until.get(teamId) ?? 0) <= now;
    if (isLate) this.#until.delete(teamId);
    return !isLate;
  }
}

type CommandArgs = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/**
 * Answers the one who asked, and nobody else. Where Slack does not take an answer's chart, it is said without. Slack's
 * reason does not come through Bolt, so the workspace counts as one without charts when it takes the answer that has none.
 */
export async function respondTo(
  args: CommandArgs,
  answer: Answer,
  chartless: Chartless,
  dependencies: BotDependencies,
): Promise<void> {
  const { command, respond } = args;
  const say = ({ text, blocks }: Message) =>
    respond({ response_type: 'ephemeral', replace_original: false, text, blocks });
  const { withoutChart } = answer;
  const plainly = async (withoutChart: NonNullable<Answer['withoutChart']>) =>
    say(await withoutChart(pictureSender(args, dependencies)));
  if (!withoutChart) return void (await say(answer));
  if (chartless.has(command.team_id)) return void (await plainly(withoutChart));
  try {
    await say(answer);
  } catch (error) {
    if (!(error instanceof RespondError) || error.statusCode === GONE) throw error;
    await plainly(withoutChart);
    chartless.add(command.team_id);
  }
}

/** A DM with the app is the one place where a file is seen by one person alone: an ephemeral message takes none. */
function pictureSender({ client, command }: CommandArgs, { logger }: BotDependencies): SendPicture {
  return async ({ png, filename, title, description }: Picture) => {
    try {
      const { channel } = await client.conversations.open({ users: command.user_id });
      if (!channel?.id) return false;
      await client.files.uploadV2({ channel_id: channel.id, file: png, filename, title, alt_text: description });
      return true;
    } catch (err) {
      // The figures are in the answer all the same, and it says that there is no picture.
      logger.warn({ err, event: 'slack_picture_refused', teamId: command.team_id }, 'Slack took no picture');
      return false;
    }
  };
}
