import { section, type Message, type MessageBlock } from '../messages/message';
import { escape } from '../messages/text';
import { noticeModal, type Modal, type ModalBlock } from './modal';

const TITLE_LENGTH = 24;
const SECTION_CHARACTERS = 2_500;

/**
 * A message as a modal, for those who ask where no message can be answered: on the Home tab. Slack has no tables and no
 * charts there: a table becomes lines, and a chart is left out.
 */
export function messageModal({ blocks }: Message): Modal {
  const [first] = blocks;
  const heading = first?.type === 'header' && first.text.text.length <= TITLE_LENGTH ? first.text.text : null;
  return {
    ...noticeModal(heading ?? 'Talktime'),
    blocks: (heading === null ? blocks : blocks.slice(1)).flatMap(inModal),
  };
}

function inModal(block: MessageBlock): ModalBlock[] {
  if (block.type === 'data_visualization') return [];
  if (block.type === 'table') return linesOf(block).map(section);
  return [block];
}

type Table = Extract<MessageBlock, { type: 'table' }>;

/** A row's name, and under it its cells named by the heading; as many texts as hold them. */
function linesOf({ rows }: Table): string[] {
  const [heading = [], ...others] = rows.map((row) => row.map(textOf));
  const texts: string[] = [];
  for (const [name = '', ...cells] of others) {
    const figures = cells.flatMap((cell, index) =>
      cell === '–' ? [] : `${heading[index + 1]?.toLowerCase()} ${cell}`,
    );
    const line = `*${name}*\n${figures.join(' · ')}`;
    const last = texts.at(-1);
    if (last !== undefined && last.length + line.length < SECTION_CHARACTERS)
      texts[texts.length - 1] = `${last}\n\n${line}`;
    else texts.push(line);
  }
  return texts;
}

/** A cell is plain text: what would begin an entity in the text that it becomes is escaped. */
function textOf(cell: Table['rows'][number][number]): string {
  return cell.type === 'raw_text' ? escape(cell.text) : '';
}
