/** The policy file: the ceiling of what may be traded. Nothing about a symbol is guessed from its letters. */
import { z } from 'zod';
import { VigilError } from '../protocol/errors.ts';
import type { SymbolName } from '../protocol/names.ts';
import { shown, throwFaults } from './faults.ts';
import { parseYaml } from './layer.ts';
import { readConfigText } from './sources.ts';

const symbol = z.string().refine((text) => text.trim() !== '' && text === text.trim());
const policySchema = z.strictObject({ symbols: z.array(symbol).min(1) });

/**
 * The symbols of the policy file, in its order.
 * @throws VigilError CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function loadPolicy(path: string): readonly SymbolName[] {
  const { document, lineOf, problems } = parseYaml(readConfigText(path, path));
  if (problems.length > 0) throw new VigilError('CONFIG_UNREADABLE', `${path} is not YAML: ${problems.join('; ')}`, { details: { file: path, problems } });
  const value: unknown = document.toJS();
  const sourceAt = (steps: readonly PropertyKey[]) => {
    const node = document.getIn(steps as PropertyKey[], true);
    return typeof node === 'object' && node !== null && 'range' in node ? `${path}:${lineOf(node as Parameters<typeof lineOf>[0])}` : path;
  };
  const result = policySchema.safeParse(value);
  const issues = result.success ? [] : result.error.issues;
  throwFaults(
    issues.map((issue) => {
      const found = issue.path.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step], value);
      return { path: nameOf(issue.path), value: shown(found, undefined), source: sourceAt(issue.path), expected: issue.path.length > 1 ? 'a symbol as text, without blanks around it' : 'one list "symbols" with at least one symbol, and nothing else' };
    }),
  );
  const symbols = (result.data?.symbols ?? []) as SymbolName[];
  const repeated = [...symbols.entries()].filter(([index, name]) => symbols.indexOf(name) !== index);
  throwFaults(repeated.map(([index, name]) => ({ path: `symbols[${index}]`, value: shown(name, undefined), source: sourceAt(['symbols', index]), expected: 'each symbol once' })));
  return symbols;
}

function nameOf(path: readonly PropertyKey[]): string {
  const [first, ...rest] = path;
  return first === undefined ? 'policy' : `${String(first)}${rest.map((step) => `[${String(step)}]`).join('')}`;
}
