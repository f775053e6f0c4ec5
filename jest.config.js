const swc = ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' }];

/** One project a kind of test, so that each can be run alone: `npx jest --selectProjects unit`. */
const project = (name, more = {}) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': swc },
  modulePathIgnorePatterns: ['<rootDir>/.build', '<rootDir>/dist', '<rootDir>/.cache', '<rootDir>/.bunq-keeper'],
  ...more,
});

export default {
  ...(process.env.TESTS_EACH_FILE_ALONE && { workerIdleMemoryLimit: 0 }), // each file has a process of its own
  testTimeout: 20 * 60_000, // what is not over by then hangs
  projects: [project('unit'), project('simulator'), project('workflows'), project('conformance'), project('end-to-end'), project('record')],
};
