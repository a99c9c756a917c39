/**
 * `npm run test:n8n`: the packed package in a real n8n, against the real service, on a real Postgres; all of it fetched or started here, and stopped
 * at the end. TALKTIME_CACHE says where n8n is kept (2.8 GB); TALKTIME_E2E_KEEP=1 keeps the logs when something fails.
 */
import { aiAgentCases } from './cases/ai-agent';
import { clientFormCases } from './cases/client-form';
import { gateCases } from './cases/gates';
import { lowBalanceCases } from './cases/low-balance';
import { otherProviderCases } from './cases/other-providers';
import { packageCases } from './cases/package';
import { retellCallEndedCases } from './cases/retell-call-ended';
import { scheduledCases } from './cases/scheduled';
import { topUpAndPlanCases } from './cases/top-up-and-plan';
import { Report } from './report';
import { withWorld } from './world';

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** In this order: later ones use what earlier ones made. */
const CASES = {
  package: packageCases,
  'retell-call-ended': retellCallEndedCases,
  'other-providers': otherProviderCases,
  'top-up-and-plan': topUpAndPlanCases,
  gates: gateCases,
  'low-balance': lowBalanceCases,
  scheduled: scheduledCases,
  'client-form': clientFormCases,
  'ai-agent': aiAgentCases,
};

/** `npm run test:n8n -- low-balance client-form` runs those alone. */
const only = process.argv.slice(2);

void withWorld(say, async (world) => {
  const report = new Report(say);
  for (const [name, cases] of Object.entries(CASES))
    if (only.length === 0 || only.includes(name)) await cases(report, world);
  return report.finish();
}).then((code) => {
  process.exitCode = code;
});
