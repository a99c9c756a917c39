import { z } from 'zod';
import { credits, customerId, decimalText, moment } from './amounts';

/** A workspace (T…), or an Enterprise organisation (E…) for which the app is installed as a whole. */
export const slackWorkspaceId = z
  .string()
  .regex(/^[TE][A-Z0-9]{2,20}$/)
  .meta({ example: 'T0123456789' });
export const slackUserId = z
  .string()
  .regex(/^[UW][A-Z0-9]{2,20}$/)
  .meta({ example: 'U0123456789' });
export const slackChannelId = z
  .string()
  .regex(/^[CG][A-Z0-9]{2,20}$/)
  .meta({ example: 'C0123456789' });

/** What somebody in Slack may do, from the most to the least. */
export const slackRoleName = z.enum(['owner', 'manager', 'viewer', 'customer']);

export const slackRoleSet = z
  .object({
    role: slackRoleName,
    customer_id: customerId.optional().meta({ description: 'Whose people they are: with the role customer alone' }),
    max_credits: decimalText.nullable().optional().meta({
      description: "The most credits one action of theirs may move; unless said, the partner's cap for the role",
    }),
  })
  .strict();

export const slackRole = z.object({
  team_id: slackWorkspaceId,
  user_id: slackUserId,
  role: slackRoleName,
  customer_id: customerId.nullable(),
  max_credits: credits.nullable().meta({ description: "null: the partner's cap for the role" }),
  created_at: moment,
});

export const slackChannelLinkSet = z
  .object({
    customer_id: customerId,
    team_id: slackWorkspaceId.nullable().optional().meta({
      description: "The workspace that the app posts there from; unless said, the one of the partner's alerts",
    }),
  })
  .strict();

/** A channel that is a customer's: everybody in it sees that customer alone. */
export const slackChannelLink = z.object({
  channel_id: slackChannelId,
  team_id: slackWorkspaceId.nullable().meta({ description: "null: the workspace of the partner's alerts" }),
  customer_id: customerId,
  linked_at: moment,
});

export const slackSettings = z.object({
  members_may_view: z.boolean().nullable().meta({
    description:
      'Whether members of the bound workspace see balances without a role. null: only where it was bound by hand',
  }),
  manager_max_credits: credits
    .nullable()
    .meta({ description: 'The most that one action of a manager may move; null: no cap' }),
  owner_max_credits: credits
    .nullable()
    .meta({ description: 'The most that one action of an owner may move; null: no cap' }),
});

export const slackSettingsPatch = z
  .object({
    members_may_view: z.boolean().nullable(),
    manager_max_credits: decimalText.nullable(),
    owner_max_credits: decimalText.nullable(),
  })
  .partial()
  .strict();

/** A workspace that the app was installed in by OAuth. */
export const slackInstallation = z.object({
  workspace_id: slackWorkspaceId,
  scopes: z.array(z.string()),
  installer_id: z.string(),
  installed_at: moment,
  gone_at: moment.nullable().meta({ description: 'When the app was removed, or its tokens were revoked' }),
  gone_because: z.enum(['app_uninstalled', 'tokens_revoked', 'refresh_refused']).nullable(),
});

/** The one answer that shows the address. It works once. */
export const slackInstallLink = z.object({
  url: z.string().meta({ example: 'https://talktime.example.com/slack/install?link=…' }),
  expires_at: moment,
});
