import { isRecord, type Json } from '../json';
import type { Inspection } from './inspection';

/** An image, alone or in another block: either an address or a file that was uploaded, and always a text beside it. */
export function checkImage(image: Json, at: string, inspection: Inspection): void {
  if ((image.image_url === undefined) === (image.slack_file === undefined))
    inspection.problem(at, 'image: needs image_url or slack_file, and not both');
  if (image.alt_text === undefined) inspection.problem(at, 'image: missing alt_text');
  inspection.string(image.alt_text, `${at}/alt_text`, 'alt_text', 2_000);
  inspection.url(image.image_url, `${at}/image_url`, 'image_url');
  if (image.slack_file === undefined) return;
  const { slack_file: file } = image;
  if (!isRecord(file) || (file.id === undefined) === (file.url === undefined))
    return inspection.problem(`${at}/slack_file`, 'slack_file: needs id or url, and not both');
  inspection.keys(file, `${at}/slack_file`, 'slack_file', ['id', 'url']);
  if (inspection.options.isImage?.(file) === false)
    inspection.problem(`${at}/slack_file`, 'invalid slack file: not an image that was uploaded');
}
