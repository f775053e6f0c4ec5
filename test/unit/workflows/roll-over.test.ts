import { currentDetails } from '../../../workflows/current-details.ts';
import { rollOverProblem } from '../../../workflows/roll-over.ts';
import { statusOf } from '../../../workflows/status.ts';
import { sessionStandsOn } from '../../../workflows/steps.ts';
import { MINUTE, newborn, onboarded, REQUEST, SERVING, sealed, T0, trouble } from './states.ts';

const PRESENT = REQUEST.credential as Extract<typeof REQUEST.credential, { type: 'qseal' }>;
const certificate = (changes: Partial<typeof PRESENT>) => ({ ...PRESENT, fingerprintSha256: 'cd34', subject: '/CN=Next', ...changes });
const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };

describe('a certificate takes the place of another', () => {
  test.each([
    ['the same roles, in another order', { roles: ['AISP', 'PISP'] }],
    ['a role more', { roles: ['PISP', 'AISP', 'CBPII'] }],
    ['no authorization number', { authorizationNumber: null }],
  ])('with %s', (_, changes) => {
    expect(rollOverProblem(onboarded(), certificate(changes))).toBeNull();
  });

  test('that has a bank’s own role, which is none at another bank', () => {
    const state = onboarded();
    state.wanted.credential = { ...PRESENT, roles: [...PRESENT.roles, 'ASPSP'] };
    expect(rollOverProblem(state, certificate({}))).toBeNull();
  });

  test('whatever it is, while nothing is served that could be lost', () => {
    expect(rollOverProblem(newborn(), certificate({ roles: [], authorizationNumber: 'PSDDE-BAFIN-1' }))).toBeNull();
  });

  test('also when it is the same one, for another signer', () => {
    expect(rollOverProblem(onboarded(), { ...PRESENT, signer: 'other-hsm' })).toBeNull();
  });
});

describe('a certificate does not take the place of another', () => {
  test('with fewer roles: those that are missing are named, and what to do', () => {
    const problem = rollOverProblem(onboarded(), certificate({ roles: ['AISP'] }));
    expect(problem).toMatch(
      /^The certificate \/CN=Next lacks PISP, which that of acme has; nothing was changed\. Give one with PISP and AISP\./,
    );
    expect(problem).toMatch(
      /narrowed: bunq-keeper disconnect acme, and onboard it with the new one: the OAuth client at the bank stays\.$/,
    );
  });

  test('of another authorization number: both are named', () => {
    const problem = rollOverProblem(onboarded(), certificate({ authorizationNumber: 'PSDDE-BAFIN-1' }));
    expect(problem).toMatch(/for the authorization number PSDDE-BAFIN-1, and that of acme for PSDNL-DNB-12345678; nothing was changed/);
  });

  test('compared with the one of which the session served came, not with another that is being proven', () => {
    const state = onboarded();
    state.wanted = { ...state.wanted, formerCredential: PRESENT, credential: certificate({ roles: ['PISP', 'AISP', 'CBPII'] }) };
    expect(rollOverProblem(state, certificate({ roles: ['PISP', 'AISP'] }))).toBeNull();
    expect(rollOverProblem(state, certificate({ roles: ['PISP', 'CBPII'] }))).toContain('lacks AISP');
  });
});

describe('while the new certificate is being proven', () => {
  const rollingOver = () => {
    const state = onboarded();
    state.wanted = { ...state.wanted, formerCredential: PRESENT, credential: certificate({ expiresAt: '2029-01-01T00:00:00.000Z' }) };
    state.ladder.apiKey = { ...SERVING.apiKey, apiKey: sealed('another sealed API key') };
    return state;
  };

  test('the session is opened on it, and after a try in vain the session served is renewed on its own chain when that is due', () => {
    const state = rollingOver();
    expect(sessionStandsOn(state, T0)).toBe('ladder');
    expect(sessionStandsOn(state, SERVING.renewAtMs)).toBe('ladder');
    state.troubles.session = trouble();
    expect(sessionStandsOn(state, T0)).toBeNull();
    expect(sessionStandsOn(state, T0 + MINUTE)).toBe('ladder');
    expect(sessionStandsOn(state, SERVING.renewAtMs)).toBe('serving');
    expect(sessionStandsOn({ ...state, serving: { ...SERVING, doubtful: true } }, T0 + MINUTE)).toBe('serving');
    expect(sessionStandsOn({ ...state, serving: { ...SERVING, renewable: false } }, SERVING.renewAtMs)).toBe('ladder');
  });

  test('the status has both, and a person is told what is served', () => {
    const status = statusOf(rollingOver(), RUN, T0);
    expect(status).toMatchObject({ certificate: { subject: '/CN=Next' }, formerCertificate: { subject: '/CN=Acme PISP AISP/C=NL' } });
    expect(currentDetails(status, T0)).toMatch(
      /The new certificate \(\/CN=Next, expires 2029-01-01.*\) is being proven; until then the session of the former is served.*\/CN=Acme/,
    );
    expect(statusOf(onboarded(), RUN, T0).formerCertificate).toBeNull();
  });
});
