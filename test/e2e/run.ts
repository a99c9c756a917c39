/**
 * `npm run test:n8n`: the packed package in a real n8n, against the real service, on a real Postgres; all of it fetched or started here, and stopped
 * at the end. TALKTIME_CACHE says where n8n is kept (2.8 GB); TALKTIME_E2E_KEEP=1 keeps the logs when something fails.
 */
import { otherProviderCases } from './cases/other-providers';
import { packageCases } from './cases/package';
import { retellCallEndedCases } from './cases/retell-call-ended';
import { topUpAndPlanCases } from './cases/top-up-and-plan';
import { Report } from './report';
import { withWorld } from './world';

const say = (line: string) => void process.stdout.write(`${line}\n`);

void withWorld(say, async (world) => {
  const report = new Report(say);
  await packageCases(report, world);
  await retellCallEndedCases(report, world);
  await otherProviderCases(report, world);
  await topUpAndPlanCases(report, world);
  return report.finish();
}).then((code) => {
  process.exitCode = code;
});
