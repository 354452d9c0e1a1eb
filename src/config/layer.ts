/** A layer of the configuration: what one source gives, each value with where it stands; a later layer replaces the values of an earlier one. */
import { resolve } from 'node:path';
import { isAlias, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import { shown, shownOfUnknown } from './faults.ts';
import type { Fault } from './faults.ts';
import { KEYS, nearestKey, SECTIONS } from './keys.ts';
import type { Key } from './keys.ts';

export const NOT_HERE = 'no secret here: secrets come from the environment, or from a file of mode 0600 (venue.credentialsFile, journal.redis.passwordFile)';

export interface Given {
  readonly key: Key;
  readonly value: unknown;
  readonly source: string;
}

/** Where a node stands, and what relative paths in it are relative to. */
interface Place {
  readonly source: string;
  readonly sourceOf: (node: Node) => string;
  readonly base: string;
}

export class Layer {
  readonly given: Given[] = [];
  readonly faults: Fault[] = [];

  /** Takes a value; a relative path in it is relative to `base`. */
  give(key: Key, value: unknown, source: string, base: string): void {
    const { pathFrom, isPath = () => pathFrom !== undefined } = key.field;
    const placed = (part: unknown) => (typeof part === 'string' && part !== '' && isPath(part) ? resolve(base, part) : part);
    this.given.push({ key, value: Array.isArray(value) ? value.map(placed) : placed(value), source });
  }

  /** Takes a YAML node that stands at `path`: the value of a key, or a section of keys. */
  take(path: string, node: Node | null, document: Document, where: Place): void {
    const { source } = where;
    const key = KEYS.get(path);
    if (key !== undefined) {
      const value = valueOf(node, key.field.reads, document);
      if (key.field.environmentOnly === true && value !== null) this.faults.push({ path, value: shown(value, key.field), source, expected: NOT_HERE });
      else this.give(key, value, source, where.base);
      return;
    }
    if (path !== '' && !SECTIONS.has(path)) return this.unknown(path, plain(node, document), source);
    const map = isAlias(node) ? node.resolve(document) : node;
    if (map === null || map === undefined || (isScalar(map) && map.value === null)) return;
    if (!isMap(map)) {
      this.faults.push({ path: path === '' ? 'configuration' : path, value: shown(plain(map, document), undefined), source, expected: 'a section with keys' });
      return;
    }
    for (const { key: name, value } of map.items) {
      const inner = isScalar(name) ? String(name.value) : String(name);
      this.take(path === '' ? inner : `${path}.${inner}`, value as Node | null, document, { ...where, source: isScalar(name) ? where.sourceOf(name) : source });
    }
  }

  unknown(path: string, value: unknown, source: string, suggestion?: string): void {
    const nearest = nearestKey(path);
    this.faults.push({ path, value: shownOfUnknown(path, value, nearest.field), source, expected: `a key there is; did you mean ${suggestion ?? nearest.path}?` });
  }
}

/** One YAML document, and where in it a node stands. `problems` name line and kind only: the text itself may hold a secret. */
export function parseYaml(text: string): { readonly document: Document; readonly lineOf: (node: Node) => number; readonly problems: readonly string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (node: Node) => lines.linePos(node.range?.[0] ?? 0).line;
  return { document, lineOf, problems: document.errors.map((error) => `line ${lines.linePos(error.pos[0]).line}: ${error.code}`) };
}

/** A value given as one text, by a variable or a flag. */
export function readText(text: string, { reads, nullable }: Key['field']): unknown {
  const trimmed = text.trim();
  const isNull = trimmed === 'null' || trimmed === '~';
  if (isNull && nullable === true) return null;
  const quoted = /^(".*"|'.*')$/s.test(trimmed);
  if (reads === 'text' && !quoted) return trimmed;
  if (reads === 'list' && !quoted && !trimmed.startsWith('[')) return trimmed.split(',').map((item) => item.trim()).filter((item) => item !== '');
  const { document, problems } = parseYaml(trimmed);
  return problems.length > 0 || trimmed === '' ? trimmed : valueOf(document.contents, reads, document);
}

/** Text fields take a number by its digits as written, never through a float. */
function valueOf(node: Node | null, reads: Key['field']['reads'], document: Document): unknown {
  const scalar = isAlias(node) ? node.resolve(document) : node;
  if (reads === 'text' && isScalar(scalar) && typeof scalar.value !== 'string' && scalar.value !== null && scalar.source !== undefined) return scalar.source;
  return plain(scalar ?? null, document);
}

function plain(node: Node | null, document: Document): unknown {
  return node === null ? null : node.toJS(document);
}
