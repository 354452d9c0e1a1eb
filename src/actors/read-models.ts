/**
 * Shows other programs the positions and the decisions, best effort: nothing waits for it, what cannot be shown in time is
 * counted and left out, and a position that could not be shown is shown as it is when the store can be reached again.
 */
import type { ReadModels } from '../persistence/port.ts';
import type { HappenedMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ShownChange } from '../protocol/read-models.ts';
import type { LifeView } from '../protocol/views.ts';
import { shownDecision, shownPosition } from '../rules/read-models.ts';
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';

const DEADLINE_MS = 5_000;
/** After a failure; the store has other things to do when it comes back. */
const RETRY_MS = 2_000;
/** Everything is shown again: the store may have lost it without anybody noticing. */
const AGAIN_MS = 60_000;
/** What waits to be shown. Older ones make room. */
const MOST_WAITING = 5_000;
/** Changes a round trip to the store. */
const MOST_AT_ONCE = 100;

export type ReadModelsMessage =
  | { readonly type: 'life'; readonly view: LifeView }
  | HappenedMessage
  | { readonly type: 'show' }
  | { readonly type: 'again' }
  | { readonly type: 'shown'; readonly outcome: Outcome<void>; readonly positions: readonly SymbolName[]; readonly count: number };

interface State {
  readonly store: ReadModels;
  /** Entries for the streams, oldest first. */
  waiting: ShownChange[];
  /** Of each symbol its record as it should be, and as it was last shown (text); undefined: not shown by this incarnation. */
  readonly positions: Map<SymbolName, { readonly change: ShownChange; readonly text: string; shown: string | undefined }>;
  showing: boolean;
  shown: number;
  leftOut: number;
  /** Of the last try; null: it was shown. */
  failure: string | null;
  /** Between a failure and the next try. */
  resting: boolean;
}

type Context = ActorContext<ReadModelsMessage>;

export function readModelsBehaviour(store: ReadModels): Behaviour<ReadModelsMessage, State> {
  return {
    role: 'read-models',
    purpose: 'Shows positions and decisions to other programs, in Redis.',
    consumes: { life: 'the position of a symbol', happened: 'something has been decided', show: 'what waits is to be shown', again: 'everything is to be shown again', shown: 'whether it was' },
    emits: [],
    mailbox: { capacity: 64, overflow: 'reject', onRestart: 'keep', lanes: { telemetry: { types: ['life', 'happened'], capacity: 2_000, overflow: 'drop-oldest', onRestart: 'flush' } } },
    init(ctx) {
      ctx.timers.every('again', AGAIN_MS, { type: 'again' });
      return { store, waiting: [], positions: new Map(), showing: false, shown: 0, leftOut: 0, failure: null, resting: false };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'life':
          note(state, message.view);
          break;
        case 'happened': {
          const change = message.what === 'decision' ? shownDecision(message.decision) : undefined;
          if (change === undefined) return same;
          state.waiting.push(change);
          if (state.waiting.length > MOST_WAITING) {
            state.leftOut += 1;
            state.waiting.shift();
          }
          break;
        }
        case 'show':
          state.resting = false;
          break;
        case 'again':
          forget(state);
          break;
        case 'shown':
          onShown(state, message, ctx);
          break;
      }
      show(state, ctx);
      return same;
    },
    view: ({ positions, waiting, shown, leftOut, failure }) => ({ symbols: positions.size, positions: [...positions.values()].filter(({ change }) => 'record' in change && change.record !== null).length, waiting: waiting.length, shown, leftOut, failure }),
  };
}

function note({ positions }: State, view: LifeView): void {
  const change = shownPosition(view);
  // The first word of a symbol is shown also when it is flat: what an earlier process left there goes away.
  positions.set(view.symbol, { change, text: JSON.stringify(change), shown: positions.get(view.symbol)?.shown });
}

/** One round trip at a time, and none between a failure and the next try. */
function show(state: State, ctx: Context): void {
  if (state.showing || state.resting) return;
  const due = [...state.positions].filter(([, { text, shown }]) => text !== shown).slice(0, MOST_AT_ONCE);
  const entries = state.waiting.splice(0, MOST_AT_ONCE);
  const changes = [...due.map(([, { change }]) => change), ...entries];
  if (changes.length === 0) return;
  for (const [, position] of due) position.shown = position.text;
  state.showing = true;
  ctx.effect({ name: 'show', deadlineMs: DEADLINE_MS, run: () => state.store.show(changes), report: (outcome) => ({ type: 'shown', outcome, positions: due.map(([symbol]) => symbol), count: entries.length }) });
}

function forget({ positions }: State): void {
  for (const position of positions.values()) position.shown = undefined;
}

function onShown(state: State, { outcome, positions, count }: Extract<ReadModelsMessage, { type: 'shown' }>, ctx: Context): void {
  state.showing = false;
  if (outcome.ok) {
    state.shown += positions.length + count;
    state.failure = null;
    return;
  }
  const reason = outcome.error.message;
  const tell = reason === state.failure ? ctx.log.debug : ctx.log.warn;
  state.failure = reason;
  state.resting = true;
  // Entries may be there or not; shown twice they would be false. Positions are shown whole again, all of them: the store may have lost them.
  state.leftOut += count;
  forget(state);
  tell({ reason, leftOut: state.leftOut }, 'what other programs read in Redis is behind; trading does not depend on it');
  ctx.timers.once('retry', RETRY_MS, { type: 'show' });
}
