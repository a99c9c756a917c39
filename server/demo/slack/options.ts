/** What a fake Slack is started with. */
export interface FakeSlackOptions {
  readonly workspaces: readonly WorkspaceOptions[];
  readonly app?: AppOptions;
  /** Answers 429 as Slack does: about 1 message a second a channel, and each method's tier. Off unless asked for. */
  readonly rateLimits?: boolean;
  /** Arguments that another program sends besides, which Slack passes over. */
  readonly passedOver?: readonly string[];
  readonly port?: number;
  /** Milliseconds that people look for what the app is about to show. */
  readonly patience?: number;
  /** Milliseconds since 1970, for pictures that must not change. Triggers and acknowledgements live in real time anyway. */
  readonly now?: () => number;
}

export interface WorkspaceOptions {
  /** "T0BRIGHT" */
  readonly id: string;
  readonly name?: string;
  readonly domain?: string;
  /** Bot tokens of the app here; none: it is not installed (yet). */
  readonly tokens?: readonly (string | TokenOptions)[];
  readonly users?: readonly UserOptions[];
  readonly channels?: readonly ChannelOptions[];
  /** Whether data_visualization is known here: it came on 16 June 2026, and not everywhere at once. */
  readonly charts?: boolean;
}

export interface TokenOptions {
  readonly token: string;
  /** The app's unless said otherwise. */
  readonly scopes?: readonly string[];
  readonly refreshToken?: string;
  /** Seconds from now until token_expired. */
  readonly expiresIn?: number;
}

export interface UserOptions {
  /** "U0MIA" */
  readonly id: string;
  readonly name?: string;
  readonly realName?: string;
  readonly email?: string;
  readonly admin?: boolean;
  /** A guest of the workspace: sees the channels that they are in and nobody else. */
  readonly guest?: boolean;
  readonly deactivated?: boolean;
}

export interface ChannelOptions {
  /** "C0ALERTS"; a name with # as well, where something posts by name. */
  readonly id: string;
  readonly name?: string;
  /** Ids of people, of this workspace or of one that the channel is shared with. Everybody here unless said otherwise. */
  readonly members?: readonly string[];
  /** Whether the app was invited, or by which of the workspaces: by the one that the channel is listed in unless said otherwise. */
  readonly app?: boolean | readonly string[];
  readonly private?: boolean;
  readonly archived?: boolean;
  /** Slack Connect: ids of the workspaces that share it. */
  readonly sharedWith?: readonly string[];
}

export interface AppOptions {
  readonly id?: string;
  readonly name?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
  /** The app's manifest: its scopes, commands, shortcuts, events and tabs hold then, and nothing beyond them works. */
  readonly manifest?: Manifest;
  /** Scopes of tokens, where no manifest says which. */
  readonly scopes?: readonly string[];
  /** Seconds that a rotated token lives. */
  readonly tokenLifetime?: number;
}

/** As much of an app manifest as decides what Slack does (docs.slack.dev, "App manifest reference"). */
export interface Manifest {
  readonly features?: {
    readonly app_home?: { readonly home_tab_enabled?: boolean; readonly messages_tab_enabled?: boolean };
    readonly shortcuts?: readonly { readonly name: string; readonly type: string; readonly callback_id: string }[];
    readonly slash_commands?: readonly { readonly command: string; readonly should_escape?: boolean }[];
  };
  readonly oauth_config?: {
    readonly scopes?: { readonly bot?: readonly string[] };
    readonly redirect_urls?: readonly string[];
  };
  readonly settings?: {
    readonly event_subscriptions?: { readonly bot_events?: readonly string[] };
    readonly interactivity?: { readonly is_enabled?: boolean; readonly message_menu_options_url?: string };
    readonly token_rotation_enabled?: boolean;
  };
}
