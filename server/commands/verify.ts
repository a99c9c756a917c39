import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Database } from '@talktime/core/database';
import {
  FINDINGS,
  formatAnchor,
  newAnchors,
  parseAnchors,
  verify,
  type Anchor,
  type Finding,
  type Report,
} from '@talktime/core/ledger';

export interface VerifyArguments {
  readonly partnerId?: string;
  /** Where seals are kept outside the database. */
  readonly anchorFile?: string;
  readonly json: boolean;
}

/**
 * `talktime verify`: proves the ledger. With an anchor file, the seals in it must still be there, and when everything holds
 * the newest ones are added to it.
 *
 * @returns the exit code: 0 when everything holds, 1 with findings
 * @throws AnchorsUnreadable when the file holds anything but anchors
 */
export async function runVerify(
  database: Database,
  { partnerId, anchorFile, json }: VerifyArguments,
  print: (text: string) => void,
): Promise<number> {
  const known =
    anchorFile !== undefined && existsSync(anchorFile) ? parseAnchors(readFileSync(anchorFile, 'utf8')) : [];
  const report = await verify(database, { partnerId, anchors: known });
  const holds = report.findings.length === 0;
  const added = anchorFile !== undefined && holds ? newAnchors(known, newestOf(report)) : [];
  if (anchorFile !== undefined && added.length > 0) appendFileSync(anchorFile, added.map(formatAnchor).join(''));
  print(json ? jsonOf(report) : [...textOf(report), ...anchorText(anchorFile, holds, known, added)].join('\n'));
  return holds ? 0 : 1;
}

const newestOf = (report: Report): Anchor[] => report.partners.flatMap(({ newest }) => newest ?? []);

function textOf({ partners, findings, omitted }: Report): string[] {
  const sum = (figure: 'wallets' | 'postings' | 'unchained' | 'operations' | 'calls' | 'seals') =>
    partners.reduce((total, partner) => total + partner[figure], 0);
  const counted = (['wallets', 'postings', 'operations', 'calls', 'seals'] as const).map(
    (each) => `${sum(each)} ${each}`,
  );
  const unchained = sum('unchained');
  return [
    `Recomputed from entry zero: ${partners.length} partners, ${counted.join(', ')}.`,
    ...(unchained > 0
      ? [`${unchained} postings are older than the hash chains: their figures were checked, and no hash covers them.`]
      : []),
    ...findings.map(textOfFinding),
    ...(omitted > 0 ? [`… and ${omitted} more.`] : []),
    findings.length === 0
      ? 'Everything holds.'
      : `${findings.length + omitted} findings. The ledger is not what was posted.`,
  ];
}

function textOfFinding(finding: Finding): string {
  const where = [
    `partner ${finding.partnerId}`,
    finding.walletId !== undefined && `wallet ${finding.walletId}`,
    finding.sequence !== undefined && `posting ${finding.sequence}`,
    finding.operationId !== undefined && `operation ${finding.operationId}`,
    finding.callId !== undefined && `call ${finding.callId}`,
    finding.seal !== undefined && `seal ${finding.seal}`,
  ].filter(Boolean);
  return `${finding.code}  ${FINDINGS[finding.code]}\n    ${where.join(', ')}\n    expected ${finding.expected}\n    found    ${finding.found}`;
}

function anchorText(
  file: string | undefined,
  holds: boolean,
  known: readonly Anchor[],
  added: readonly Anchor[],
): string[] {
  if (file === undefined) return [];
  if (!holds) return [`${file} was left as it is.`];
  if (known.length + added.length === 0)
    return [`There is no seal to anchor in ${file} yet: the service makes one every 15 minutes.`];
  return [`${known.length} seals were compared with ${file}, and ${added.length} new ones added to it.`];
}

function jsonOf({ partners, findings, omitted }: Report): string {
  return JSON.stringify({
    holds: findings.length === 0,
    partners: partners.map(({ partnerId, newest, ...figures }) => ({
      partner_id: partnerId,
      ...figures,
      newest_seal: newest && { seal: Number(newest.seal), at: newest.at, digest: newest.digest },
    })),
    findings: findings.map((finding) => ({
      code: finding.code,
      title: FINDINGS[finding.code],
      partner_id: finding.partnerId,
      wallet_id: finding.walletId,
      sequence: finding.sequence === undefined ? undefined : Number(finding.sequence),
      operation_id: finding.operationId,
      call_id: finding.callId,
      seal: finding.seal === undefined ? undefined : Number(finding.seal),
      expected: finding.expected,
      found: finding.found,
    })),
    omitted,
  });
}
