import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from '@swc/core';
import { ROOT } from './build.ts';

/** How one module gets at another: its types are gone after compilation, a dynamic import is made only when it is needed. */
export type ImportKind = 'static' | 'dynamic' | 'type';

export interface Import {
  readonly kind: ImportKind;
  /** A path from the checkout for a module of ours (`bunq/keys.ts`), else the name as written (`node:fs`, `zod`). */
  readonly target: string;
}

export interface SourceModule {
  /** From the checkout: `client/keeper.ts`. */
  readonly path: string;
  readonly folder: string;
  readonly imports: readonly Import[];
  /** Globals as they are used: `Date.now`, `new Date()`, `setTimeout`, `process.env`. */
  readonly globals: ReadonlySet<string>;
}

/** The TypeScript modules of some folders of the checkout. */
export function modulesOf(folders: readonly string[]): SourceModule[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => readModule(join(folder, name), readFileSync(join(ROOT, folder, name), 'utf8'))),
  );
}

export function readModule(path: string, source: string): SourceModule {
  const imports: Import[] = [];
  const globals = new Set<string>();
  const note = (kind: ImportKind, from: string) => {
    const target = from.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), from)) : from;
    imports.push({ kind, target });
  };
  walk(parseSync(source, { syntax: 'typescript', target: 'es2022' }), (node) => {
    const found = importIn(node);
    if (found) note(...found);
    const used = globalIn(node);
    if (used) globals.add(used);
  });
  return { path, folder: path.split('/')[0]!, imports, globals };
}

// biome-ignore lint/suspicious/noExplicitAny: a syntax tree has a hundred kinds of nodes
type Node = any;

function walk(node: Node, visit: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (typeof node.type === 'string') visit(node);
  for (const child of Object.values(node)) walk(child, visit);
}

/** `import { type A }` counts as static: what is left of it after compilation still loads the module. */
function importIn({ type, source, typeOnly, callee, argument, arguments: given }: Node): [ImportKind, string] | undefined {
  if ((type === 'ImportDeclaration' || type === 'ExportNamedDeclaration' || type === 'ExportAllDeclaration') && source)
    return [typeOnly ? 'type' : 'static', source.value];
  if (type === 'TsImportType') return ['type', argument.value];
  if (type !== 'CallExpression' || callee.type !== 'Import') return undefined;
  const { expression } = given[0];
  if (expression.type !== 'StringLiteral') return ['dynamic', 'a computed name'];
  return ['dynamic', expression.value];
}

/** What the parser marks as declared nowhere in the module. */
const UNDECLARED = 1;
const isGlobal = (node: Node) => node?.type === 'Identifier' && node.ctxt === UNDECLARED;

function globalIn(node: Node): string | undefined {
  if (node.type === 'MemberExpression' && isGlobal(node.object) && node.property.type === 'Identifier')
    return `${node.object.value}.${node.property.value}`;
  if (node.type === 'NewExpression' && isGlobal(node.callee))
    return (node.arguments ?? []).length === 0 ? `new ${node.callee.value}()` : undefined;
  return isGlobal(node) ? node.value : undefined;
}
