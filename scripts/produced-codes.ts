/** Which files of src produce which codes, found by parsing: a text that is a code and stands where a value is made, not where one is compared or typed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { PROJECT_ROOT } from '../src/service/build-id.ts';

/** Catalogues name every code and produce none; the paper exchange is another program with codes of its own. */
const NOT_LOOKED_AT = /^(protocol\/(denials|errors|exit-codes)\.ts$|paper\/)/;
const CODE = /^[A-Z][A-Z0-9]+(_[A-Z0-9]+)*$/;

export interface Code {
  readonly code: string;
  /** It stands as the code of a refusal or error: `code: 'X'`, or what a VigilError or StatusError is made with. */
  readonly asCode: boolean;
}

interface Node {
  readonly type?: string;
  readonly [field: string]: unknown;
}

/** Every text in `source` that looks like a code and is made there into a value. */
export function codesIn(source: string): readonly Code[] {
  const found: Code[] = [];
  walk(parseSync(source, { syntax: 'typescript', target: 'esnext' }) as unknown as Node, false);
  return found;

  function walk(value: unknown, asCode: boolean): void {
    if (Array.isArray(value)) return value.forEach((one) => walk(one, asCode));
    if (!isNode(value)) return;
    const { type } = value;
    if (type === 'StringLiteral') {
      if (typeof value['value'] === 'string' && CODE.test(value['value'])) found.push({ code: value['value'], asCode });
      return;
    }
    if (type?.startsWith('Ts') === true) return walk(inside(value), asCode);
    switch (type) {
      case 'BinaryExpression':
        // A comparison asks for a code; `a ?? 'X'` and `a || 'X'` make one.
        return ['===', '!==', '==', '!='].includes(String(value['operator'])) ? undefined : children(value);
      case 'SwitchCase':
        return walk(value['consequent'], false);
      case 'NewExpression':
        return made(value);
      case 'CallExpression':
        return isLookUp(value['callee']) ? walk(value['callee'], false) : children(value);
      case 'KeyValueProperty':
        return walk(value['value'], nameOf(value['key']) === 'code');
      case 'ConditionalExpression':
        walk(value['test'], false);
        walk(value['consequent'], asCode);
        return walk(value['alternate'], asCode);
      case 'ParenthesisExpression':
        return walk(value['expression'], asCode);
      default:
        return children(value);
    }
  }

  /** A set is asked, not told; an error's first argument is its code. */
  function made(node: Node): void {
    const name = nameOf(node['callee']);
    if (name === 'Set') return;
    const [first, ...others] = ((node['arguments'] ?? []) as readonly Node[]).map((argument) => argument['expression']);
    if (name === 'VigilError') walk(first, true);
    else if (name === 'StatusError') {
      walk(first, false);
      walk(others.shift(), true);
    } else walk(first, false);
    walk(others, false);
  }

  function children(node: Node): void {
    for (const child of Object.values(node)) walk(child, false);
  }

  /** `x as T`, `x satisfies T`, `x!`: the expression, without its type. */
  function inside(node: Node): unknown {
    return ['TsAsExpression', 'TsSatisfiesExpression', 'TsNonNullExpression', 'TsConstAssertion'].includes(node.type ?? '') ? node['expression'] : undefined;
  }
}

/** Code → the files that produce it, relative to src, in order. */
export function producedCodes(): { readonly producers: ReadonlyMap<string, readonly string[]>; readonly asCodes: ReadonlyMap<string, readonly string[]> } {
  const producers = new Map<string, string[]>();
  const asCodes = new Map<string, string[]>();
  const root = join(PROJECT_ROOT, 'src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !NOT_LOOKED_AT.test(file));
  for (const file of files.toSorted()) {
    for (const { code, asCode } of codesIn(readFileSync(join(root, file), 'utf8'))) {
      add(producers, code, file);
      if (asCode) add(asCodes, code, file);
    }
  }
  return { producers, asCodes };
}

/** What a rule decides, its actor says. A file that is not here speaks for the role of its own name; operators' and trials' words decide nothing. */
const DECIDERS: readonly (readonly [file: RegExp, role: string | undefined])[] = [
  [/^operator\/|^rules\/policy-trial/, undefined],
  [/^rules\/(strategies\/|trend)|^actors\/(strategies\/|generator)/, 'generator'],
  [/^rules\/(bridge-gates|sizing|intent-prices)|^actors\/bridge/, 'bridge'],
  [/^rules\/guards|^actors\/governor/, 'governor'],
  [/^rules\/locks\/|^actors\/locks/, 'governor (locks)'],
  [/^rules\/position-life\/|^actors\/executor\//, 'executor'],
  [/^rules\/exits\/|^actors\/exits/, 'exits'],
  [/^protocol\/permit|^actors\/gateway\/|^service\/journal\/open/, 'gateway'],
];

/** The roles that decide by what these files produce, each once. */
export function decidersOf(files: readonly string[]): readonly string[] {
  return [...new Set(files.map((file) => {
    const known = DECIDERS.find(([of]) => of.test(file));
    return known === undefined ? (file.split('/').at(-1) ?? file).replace(/\.ts$/, '') : known[1];
  }))].filter((role) => role !== undefined);
}

function add(to: Map<string, string[]>, code: string, file: string): void {
  const files = to.getOrInsertComputed(code, () => []);
  if (!files.includes(file)) files.push(file);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const { value } = node;
  return typeof value === 'string' ? value : undefined;
}

/** `codes.has('X')`, `list.includes('X')`, `map.get('X')` ask. */
function isLookUp(callee: unknown): boolean {
  return isNode(callee) && callee.type === 'MemberExpression' && ['has', 'includes', 'get', 'indexOf'].includes(nameOf(callee['property']) ?? '');
}
