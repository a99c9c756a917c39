import type { Message } from './message';

/** A message that may have a chart in it, and then knows what to say where Slack takes none. */
export interface Answer extends Message {
  /** The same without the chart; it may send it as a picture. */
  readonly withoutChart?: (send: SendPicture) => Promise<Message>;
}

/** Sends a picture to the one who asked, in a DM that nobody else sees. False when Slack would not have it. */
export type SendPicture = (picture: Picture) => Promise<boolean>;

export interface Picture {
  readonly png: Buffer;
  readonly filename: string;
  readonly title: string;
  /** What it shows, for those who don't see it. */
  readonly description: string;
}

/**
 * A chart that Slack draws itself (since 16 June 2026; not typed in @slack/types 3.2). A workspace that does not know it
 * yet answers invalid_blocks: whoever sends one has a picture at hand.
 * https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
 */
export interface ChartBlock {
  readonly type: 'data_visualization';
  /** At most 50 characters. */
  readonly title: string;
  readonly chart: {
    readonly type: 'bar' | 'line' | 'area';
    /** 1 to 6, of names of their own. */
    readonly series: readonly ChartSeries[];
    readonly axis_config: {
      /** At most MOST_CATEGORIES, of 20 characters each, no two alike. */
      readonly categories: readonly string[];
      readonly x_label?: string;
      readonly y_label?: string;
    };
  };
  readonly block_id?: string;
}

export interface ChartSeries {
  readonly name: string;
  /** A value for each category, which is its label: at most 20 characters. */
  readonly data: readonly { readonly label: string; readonly value: number }[];
}

export const MOST_CATEGORIES = 20;
