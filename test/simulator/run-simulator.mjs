/** Runs a simulator with the options given as JSON, prints its addresses, and stays up. */
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);
const { startSimulator } = await import('../../simulator/index.ts');
const { apiUrl, manageUrl } = await startSimulator(JSON.parse(process.argv[2]));
console.log(JSON.stringify({ apiUrl, manageUrl }));
