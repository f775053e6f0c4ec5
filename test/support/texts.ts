import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build.ts';

const NOT_OURS = new Set(['.git', '.build', '.bunq-keeper', '.cache', 'coverage', 'dist', 'node_modules']);
const TEXT = /\.(ts|mjs|js|json|md|py|sh|ya?ml|toml|cnf|sql)$|\/(Dockerfile|LICENSE|run|\.[a-z]+)$/;

/** Every text of the project, by its path from the checkout. */
export function texts(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (NOT_OURS.has(entry.name)) return [];
    if (entry.isDirectory()) return texts(path);
    return TEXT.test(`/${path}`) ? [path] : [];
  });
}

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
