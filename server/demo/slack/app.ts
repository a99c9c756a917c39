import type { AppOptions, Manifest } from './options';

/** The app as Slack knows it. Without a manifest every command, shortcut and event works. */
export interface FakeApp {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly signingSecret: string;
  readonly scopes: readonly string[];
  readonly redirectUrls: readonly string[] | null;
  readonly rotates: boolean;
  readonly tokenLifetime: number;
  readonly homeTab: boolean;
  /** null: there is no such command. */
  command(name: string): { readonly escapes: boolean } | null;
  /** By its name or callback_id; null: there is none. */
  shortcut(named: string, type: 'message' | 'global'): { readonly name: string; readonly callbackId: string } | null;
  hears(event: string): boolean;
  readonly isInteractive: boolean;
  readonly suggests: boolean;
}

const SCOPES = [
  'commands',
  'chat:write',
  'im:write',
  'files:write',
  'users:read',
  'channels:read',
  'groups:read',
  'im:read',
];

export function fakeApp(options: AppOptions = {}): FakeApp {
  const manifest: Manifest | undefined = options.manifest;
  const shortcuts = manifest?.features?.shortcuts ?? [];
  return {
    id: options.id ?? 'A0TALK',
    name: options.name ?? 'Talktime',
    clientId: options.clientId ?? '1111111111.2222222222',
    clientSecret: options.clientSecret ?? '5a1ac1ec1e475ec2e70f7a1c71e00001',
    signingSecret: options.signingSecret ?? '8f742231b10e8888abcd99yyyzzz85a5',
    scopes: options.scopes ?? manifest?.oauth_config?.scopes?.bot ?? SCOPES,
    redirectUrls: manifest?.oauth_config?.redirect_urls ?? null,
    rotates: manifest?.settings?.token_rotation_enabled ?? true,
    tokenLifetime: options.tokenLifetime ?? 12 * 60 * 60,
    homeTab: manifest?.features?.app_home?.home_tab_enabled ?? manifest === undefined,
    isInteractive: manifest?.settings?.interactivity?.is_enabled ?? manifest === undefined,
    suggests: manifest ? manifest.settings?.interactivity?.message_menu_options_url !== undefined : true,
    command(name) {
      if (!manifest) return { escapes: true };
      const found = manifest.features?.slash_commands?.find(({ command }) => command === name);
      return found ? { escapes: found.should_escape ?? false } : null;
    },
    shortcut(named, type) {
      if (!manifest) return { name: named, callbackId: named };
      const found = shortcuts.find((one) => one.type === type && (one.name === named || one.callback_id === named));
      return found ? { name: found.name, callbackId: found.callback_id } : null;
    },
    hears: (event) => !manifest || (manifest.settings?.event_subscriptions?.bot_events ?? []).includes(event),
  };
}
