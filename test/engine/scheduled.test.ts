/** What runs by the clock and gives credits: run twice, or with an answer lost in the middle, it gives them once. */
import { MAIL_USER, startMailServer, type MailServer } from '../e2e/outside/mail';
import { nodeOf, readWorkflow, type WorkflowFile } from './n8n/workflow-file';
import { World, type Customer } from './world';

let world: World;
let mail: MailServer;
beforeAll(async () => {
  mail = await startMailServer();
  const smtp = { ...MAIL_USER, host: '127.0.0.1', port: mail.port, secure: false, disableStartTls: true };
  world = await World.start({ credentials: { smtp } });
});
afterAll(async () => {
  await world.stop();
  await mail.close();
});

describe('workflows/monthly-plan-run.json', () => {
  const PLAN = 'monthly-200';
  let workflow: WorkflowFile;
  let customers: [Customer, Customer];
  beforeAll(async () => {
    await world.api.post('/v1/plans', { id: PLAN, name: 'Monthly', credits: '200', price: '20' });
    const withPlan = { visible_credit_plan_ids: [PLAN] };
    customers = [await world.customer('0', withPlan), await world.customer('0', withPlan)];
    await world.customer('0'); // has no plan
    workflow = readWorkflow('monthly-plan-run.json');
    const { assignments } = nodeOf(workflow, 'Fill In').parameters.assignments as {
      assignments: { name: string; value: string }[];
    };
    for (const assignment of assignments)
      if (assignment.name.endsWith('_email')) assignment.value = 'owner@example.com';
    nodeOf(workflow, 'Apply Plan').waitBetweenTries = 1; // a second in the file
  });
  const posted = () => Promise.all(customers.map((customer) => world.posted(customer)));
  const reported = () => mail.mails.at(-1)!.text;

  it('gives each customer its plan once, although an answer is lost and the node tries again', async () => {
    world.wire.lose(`POST /v1/plans/${PLAN}/apply`, 'after', 1);

    const { status, error } = await world.n8n.executeManually(workflow);

    expect([status, error]).toEqual(['success', undefined]);
    expect(world.wire.requests.filter((request) => request.endsWith('/apply'))).toHaveLength(4);
    expect(await posted()).toEqual([200, 200]);
    expect(mail.mails).toHaveLength(1);
    expect(reported()).toMatch(/Subject: Monthly plans: 2 customers/);
  });

  it('gives nothing when it is run again in the same month, and says so', async () => {
    const { status } = await world.n8n.executeManually(workflow);

    expect(status).toBe('success');
    expect(await posted()).toEqual([200, 200]);
    expect(reported().match(/200 credits \(this month already\), balance 200/g)).toHaveLength(2);
  });
});
