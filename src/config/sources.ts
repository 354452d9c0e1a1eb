/** Where settings come from: files, the environment, and `--set`; each becomes a layer. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Node } from 'yaml';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { shown } from './faults.ts';
import { KEYS, keyOfVariable, nearestKey, pathOfVariable, SECTIONS, variableOf } from './keys.ts';
import { Layer, NOT_HERE, parseYaml, readText } from './layer.ts';

/** Variables with our prefix that are no settings: switches of the test suites. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['VIGIL_REQUIRE_ALL']);

/** Throws VigilError CONFIG_UNREADABLE. `file` is named as it was given. */
export function fileLayer(file: string, cwd: string): Layer {
  const path = resolve(cwd, file);
  const { document, lineOf, problems } = parseYaml(readConfigText(path, file));
  if (problems.length > 0) throw new VigilError('CONFIG_UNREADABLE', `${file} is not YAML: ${problems.join('; ')}`, { details: { file, problems } });
  const layer = new Layer();
  layer.take('', document.contents as Node | null, document, { source: file, sourceOf: (node) => `${file}:${lineOf(node)}`, base: dirname(path) });
  return layer;
}

/** Throws VigilError CONFIG_UNREADABLE. */
export function readConfigText(path: string, named: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new VigilError('CONFIG_UNREADABLE', `${named} cannot be read: ${messageOf(error)}`, { cause: error, details: { file: named } });
  }
}

/** `VIGIL_…` variables, and `TRADING_SYMBOLS` for the operators' habits. Two spellings of one key must agree. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>, cwd: string): Layer {
  const layer = new Layer();
  const seen = new Map<string, { readonly variable: string; readonly text: string }>();
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined) continue;
    const isSymbols = variable === 'TRADING_SYMBOLS';
    if (!isSymbols && (!variable.toUpperCase().startsWith('VIGIL_') || OTHER_VARIABLES.has(variable.toUpperCase()))) continue;
    const key = isSymbols ? KEYS.get('universe.symbols') : keyOfVariable(variable);
    if (key === undefined) {
      layer.unknown(variable, text, 'environment', variableOf(nearestKey(pathOfVariable(variable)).path));
      continue;
    }
    const other = seen.get(key.path);
    seen.set(key.path, { variable, text });
    if (other !== undefined && other.text !== text) layer.faults.push({ path: key.path, value: shown(text, key.field), source: variable, expected: `one value: ${other.variable} gives another` });
    else layer.give(key, readText(text, key.field), variable, cwd);
  }
  return layer;
}

/** `path=value`, the value in YAML's scalar or flow syntax. */
export function setLayer(sets: readonly string[], cwd: string): Layer {
  const layer = new Layer();
  for (const set of sets) {
    const equals = set.indexOf('=');
    const path = set.slice(0, equals === -1 ? undefined : equals).trim();
    const text = equals === -1 ? '' : set.slice(equals + 1);
    const key = KEYS.get(path);
    if (equals === -1) layer.faults.push({ path, source: '--set', expected: 'path=value' });
    else if (key?.field.environmentOnly === true) layer.faults.push({ path, value: shown(text, key.field), source: '--set', expected: NOT_HERE });
    else if (key !== undefined) layer.give(key, readText(text, key.field), '--set', cwd);
    else if (SECTIONS.has(path)) takeSection(layer, path, text, cwd);
    else layer.unknown(path, text, '--set');
  }
  return layer;
}

/** `--set 'venue={mode: testnet}'` */
function takeSection(layer: Layer, path: string, text: string, cwd: string): void {
  const { document, problems } = parseYaml(text);
  if (problems.length > 0) layer.faults.push({ path, source: '--set', expected: 'a section in YAML, such as {key: value}' });
  else layer.take(path, document.contents as Node | null, document, { source: '--set', sourceOf: () => '--set', base: cwd });
}
