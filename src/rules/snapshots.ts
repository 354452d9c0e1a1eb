/** When the owner of an entity writes its Snapshot: so that loading stays short, and retention never waits for it. */
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';

/** So many entries are folded in a millisecond or two. */
const EVENTS = 200;
/** Younger than anything retention lets go of: its shortest time is two days. */
const AGE_MS = 86_400_000;

/** What a Snapshot written now would stand for. */
export interface Unsnapshotted {
  /** Entries after the newest Snapshot. */
  readonly events: number;
  /** Wall time of the oldest entry that waits for a Snapshot, the newest Snapshot itself included, ms; undefined: the entity has no entries. */
  readonly since: number | undefined;
}

export const NOTHING_UNSNAPSHOTTED: Unsnapshotted = { events: 0, since: undefined };

export function withEntry(known: Unsnapshotted, { type, at }: { readonly type: string; readonly at: number }): Unsnapshotted {
  return type === SNAPSHOT_TYPE ? { events: 0, since: at } : { events: known.events + 1, since: known.since ?? at };
}

/** @param now wall time, ms. */
export function snapshotDue({ events, since }: Unsnapshotted, now: number): boolean {
  return since !== undefined && (events >= EVENTS || now - since >= AGE_MS);
}
