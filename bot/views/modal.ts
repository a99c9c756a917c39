import type { InputBlock, ModalView, SectionBlock } from '@slack/types';
import { plain, section, type MessageBlock } from '../messages/message';

/** What a modal is made of: what messages are, and inputs. */
export type ModalBlock = MessageBlock | InputBlock | SectionBlock;

/** What a modal has to remember: ids only, since any app of the workspace's admins may read them. Never an amount. */
export interface ModalContext {
  /** Where it was opened: it decides what the person may see. null: in a DM or on the Home tab. */
  readonly channelId: string | null;
  readonly ids: Readonly<Record<string, string>>;
}

export interface Modal {
  /** Names the listener of its submission. */
  readonly callbackId: string;
  /** At most 24 characters. */
  readonly title: string;
  /** The submit button, at most 24 characters; needed when there is an input. */
  readonly submit?: string;
  readonly close?: string;
  readonly blocks: readonly ModalBlock[];
  readonly context: ModalContext;
}

/** A modal as Slack takes it. */
export function modalView({ callbackId, title, submit, close = 'Close', blocks, context }: Modal): ModalView {
  return {
    type: 'modal',
    callback_id: callbackId,
    title: plain(title),
    ...(submit === undefined ? {} : { submit: plain(submit) }),
    close: plain(close),
    private_metadata: JSON.stringify(context),
    blocks: blocks as ModalView['blocks'],
  };
}

export function readContext(privateMetadata: string): ModalContext {
  return JSON.parse(privateMetadata) as ModalContext;
}

const NOWHERE: ModalContext = { channelId: null, ids: {} };
/** The callback id of a modal that nobody submits. */
export const NO_FORM = 'talktime_notice';

/** A modal that says something. */
export function noticeModal(title: string, ...texts: readonly string[]): Modal {
  return { callbackId: NO_FORM, title, blocks: texts.map(section), context: NOWHERE };
}

/** Shown at once, because a trigger is worth 3 seconds and a question to the database may take longer. */
export const LOADING = noticeModal('Talktime', '⏳ One moment…');
export const WORKING = noticeModal(
  'Talktime',
  '⏳ Working on it… You may close this: what you confirmed is done once either way.',
);
