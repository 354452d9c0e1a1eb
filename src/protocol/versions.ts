/** Versions of what is journalled: an older entry is brought to today's shape step by step; one of a later Vigil is refused by name. */
import { VigilError } from './errors.ts';

/** The type of the entry that carries the whole state of its entity: an event like any other, whose payload is its owner's. */
export const SNAPSHOT_TYPE = 'Snapshot';

/** What an owner folds of an entry of its own. */
export interface JournalledEntry {
  readonly type: string;
  readonly version: number;
  /** Wall time of the writer, ms. */
  readonly at: number;
  readonly payload: unknown;
}

/** One step: a payload of one version, as the next version would have written it. */
export type Upcast = (payload: unknown) => unknown;

/** A family of entries whose shapes have one version together. */
export interface Versions {
  /** For messages: `life event`. */
  readonly what: string;
  /** Every type that was ever written, and is still read. */
  readonly types: readonly string[];
  /** The version this build writes. */
  readonly current: number;
  /** By type, then by the version a step begins from. Where there is none, that type kept its shape. */
  readonly steps?: Readonly<Record<string, Readonly<Record<number, Upcast>>>>;
}

/** Why this build cannot read an entry of the family; undefined: it can. */
export function foreignness({ what, types, current }: Versions, type: string, version: number): string | undefined {
  if (!types.includes(type)) return `${what} ${JSON.stringify(type)} is of no type this build knows`;
  if (version > current) return `${what} ${type} has version ${version}; this build knows ${current}`;
  if (!Number.isInteger(version) || version < 1) return `${what} ${type} has version ${version}, which never was`;
  return undefined;
}

/**
 * The payload in the shape of `versions.current`.
 * @throws VigilError JOURNAL_FOREIGN for a type or a version that is not known: a later Vigil wrote it.
 */
export function upcast(versions: Versions, type: string, version: number, payload: unknown): unknown {
  const foreign = foreignness(versions, type, version);
  if (foreign !== undefined) throw new VigilError('JOURNAL_FOREIGN', `${foreign}: run the version of Vigil that wrote it`, { details: { type, version, known: versions.current } });
  const steps = versions.steps?.[type] ?? {};
  let shape = payload;
  for (let from = version; from < versions.current; from++) {
    const step = steps[from];
    if (step !== undefined) shape = step(shape);
  }
  return shape;
}
