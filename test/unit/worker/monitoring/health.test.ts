import { type Check, healthOf, httpStatusOf } from '../../../../worker/monitoring/health.ts';

const check = (name: string, ok: boolean, needed: boolean): Check => ({
  name,
  ok,
  needed,
  found: `${name} is ${ok ? 'well' : 'ill: mend it'}`,
});

test('a worker with nothing wrong is ready', () => {
  const health = healthOf([check('temporal', true, true), check('bank', true, false)]);
  expect([health.status, health.wrong, httpStatusOf(health)]).toEqual(['ready', null, 200]);
});

test('what it can work without degrades it, and it takes traffic still', () => {
  const health = healthOf([check('temporal', true, true), check('bank', false, false)]);
  expect([health.status, health.wrong, httpStatusOf(health)]).toEqual(['degraded', 'bank: bank is ill: mend it', 200]);
});

test('what it cannot work without makes it unready, and stands first of what is wrong', () => {
  const health = healthOf([check('bank', false, false), check('temporal', false, true)]);
  expect([health.status, httpStatusOf(health)]).toEqual(['unready', 503]);
  expect(health.wrong).toBe('temporal: temporal is ill: mend it | bank: bank is ill: mend it');
});
