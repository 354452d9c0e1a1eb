/** What a journal with a spill beside it is made of, and what it tells. */
import type { VigilError } from '../../protocol/errors.ts';
import type { Journal } from '../port.ts';
import type { SpillFile } from './file.ts';
import type { KeeperOptions } from './keeper.ts';

export interface SpillingOptions extends Omit<KeeperOptions, 'onUnrecorded'> {
  readonly store: Journal;
  /** Closed with the journal. */
  readonly spill: SpillFile;
  /** A store that has not answered in this time is away. */
  readonly patienceMs: number;
  /** Why this process may not open although the store is there: its place as the only writer is in doubt. */
  readonly place?: () => string | undefined;
  /** Why no opening is recorded although the store is there: no replica vouches for it (ruling 37). */
  readonly replica?: () => string | undefined;
  /** Spills that were put aside by earlier starts and are still there. */
  readonly aside?: readonly string[];
  readonly told: (event: SpillEvent) => void;
  /** Another writer has taken the place of this one, or the store is not this writer's any more: it writes no more, here or there. Called once. */
  readonly onFenced: (error: VigilError) => void;
}

/** The store went away or came back; `finding`: it would not take what had been kept, which is now in a file of its own. */
export type SpillEvent =
  | { readonly type: 'away'; readonly reason: string }
  | { readonly type: 'back'; readonly awayMs: number; readonly records: number }
  | { readonly type: 'unrecorded'; readonly reason: string }
  | { readonly type: 'finding'; readonly file: string; readonly records: number; readonly conflicts: readonly string[] };
