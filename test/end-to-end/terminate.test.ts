import { startSimulator } from '../../simulator/index.ts';
import { providerWorkflowId } from '../../workflows/names.ts';
import { temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { aftermathAt, oneOfEach } from './support/aftermath.ts';
import { scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** A person terminates the workflow in the Temporal UI, at the worst moment, and then resumes it or onboards it again. */

const NAME = 'acme';
const CALLBACKS = ['https://acme.example/callback'];

test.each(['resume', 'onboard'] as const)(
  'terminated while the bank is making its OAuth client, and then %s: it goes on from its last state and makes no second one',
  async (again) => {
    const temporal = await temporalServer({ registered: true });
    const bank = await startSimulator({ allowSecondOAuthClient: true });
    bank.fault({ endpoint: 'POST /user/{userID}/oauth-client', kind: 'hold', effectAfterDisconnect: true });
    const { keeper, startWorker } = scene(temporal, bank, { KEEPER_SETTLE: '12s' });
    const worker = await startWorker();
    const onboarding = await onboardingOf('provider', bank, CALLBACKS);
    await keeper.onboard(NAME, onboarding);
    await until('the bank holds the request', () => bank.faults()[0]?.held === 1, { everyMs: 20, seen: () => worker.stderr.slice(-2000) });

    const looks = () => bank.requests().filter(({ method, endpoint }) => method === 'GET' && endpoint?.endsWith('/oauth-client')).length;
    const looksBefore = looks();
    await temporal.client.workflow.getHandle(providerWorkflowId(keeper.environment, NAME)).terminate('a person did it');
    expect(await keeper.status(NAME)).toMatchObject({ state: 'ONBOARDING', closed: 'TERMINATED' });
    const closed = async () => (await keeper.listClosed()).map(({ name, closed }) => [name, closed]);
    await until('it is listed as closed', async () => (await closed()).length > 0);
    expect(await closed()).toEqual([[NAME, 'TERMINATED']]);
    if (again === 'resume') await keeper.resume(NAME);
    else expect(await keeper.onboard(NAME, onboarding)).toEqual({ isNew: false });
    await until('the new run has looked for an OAuth client', () => looks() > looksBefore);
    bank.releaseFaults();

    await until('it is ACTIVE', async () => (await keeper.status(NAME)).state === 'ACTIVE', { everyMs: 500 });
    expect(await closed()).toEqual([]);
    const { sessionId } = (await keeper.session(NAME))!;
    expect(aftermathAt(bank.state(), sessionId)).toEqual(oneOfEach(CALLBACKS));
    await bank.close();
  },
);
