/** The keys of the configuration by name, found from whatever spelling someone used. */
import type { z } from 'zod';
import { fields } from './fields.ts';
import type { Field } from './fields.ts';
import { configSchema } from './schema.ts';

export interface Key {
  /** `venue.paper.url` */
  readonly path: string;
  readonly field: Field;
}

/** Settings by path, in the order of the schema. */
export const KEYS: ReadonlyMap<string, Key> = new Map(leavesOf(configSchema, '').map((key) => [key.path, key]));

/** The paths that group settings: `venue`, `venue.paper`. */
export const SECTIONS: ReadonlySet<string> = new Set([...KEYS.keys()].flatMap((path) => ancestorsOf(path)));

/** By the spelling that case and underscores do not change: `venue.apikey`. */
const FOLDED: ReadonlyMap<string, Key> = new Map([...KEYS.values()].map((key) => [fold(key.path), key]));

/** The key a variable sets: `VIGIL_VENUE__API_KEY`, `vigil_venue__apikey`; undefined: none. */
export function keyOfVariable(variable: string): Key | undefined {
  return FOLDED.get(pathOfVariable(variable));
}

/** `VIGIL_VENUE__API_KEY`: the variable of a key, as we write it. */
export function variableOf(path: string): string {
  const parts = path.split('.').map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `VIGIL_${parts.join('__')}`;
}

/** The key that was most likely meant by a path nobody knows. */
export function nearestKey(path: string): Key {
  const wanted = fold(path);
  const ranked = [...FOLDED].map(([folded, key]) => ({ key, distance: Math.min(distance(wanted, folded), distance(lastPart(wanted), lastPart(folded)) + 1) }));
  return ranked.reduce((best, one) => (one.distance < best.distance ? one : best)).key;
}

/** `VIGIL_VENUE__MOOD` → `venue.mood`, folded. */
export function pathOfVariable(variable: string): string {
  return fold(variable.slice('VIGIL_'.length).split('__').join('.'));
}

function fold(path: string): string {
  return path.replaceAll('_', '').toLowerCase();
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function ancestorsOf(path: string): string[] {
  const parts = path.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

function leavesOf(schema: z.core.$ZodType, path: string): Key[] {
  const about = fields.get(schema as z.ZodType);
  if (about !== undefined) return [{ path, field: about }];
  const { def } = schema._zod as unknown as { def: { innerType?: z.core.$ZodType; shape?: Record<string, z.core.$ZodType> } };
  if (def.innerType !== undefined) return leavesOf(def.innerType, path);
  if (def.shape === undefined) throw new TypeError(`${path} of the configuration is neither a setting nor a section`);
  return Object.entries(def.shape).flatMap(([name, member]) => leavesOf(member, path === '' ? name : `${path}.${name}`));
}

/** Levenshtein: insertions, deletions and replacements between two texts. */
export function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1));
    row = next;
  }
  return row[right.length]!;
}
