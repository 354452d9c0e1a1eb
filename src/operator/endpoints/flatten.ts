/** Closing everything, or one symbol: what is verified flat, and what is not yet, with how it is protected meanwhile. */
import { z } from 'zod';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { ASKED_FOR, checked, reasonSchema } from '../endpoint.ts';
import type { OperatorOptions } from '../options.ts';
import type { ActorSystem } from '../../supervision/system.ts';
import { positionRows, readExecutors, readMarks } from '../positions.ts';
import type { ExecutorReading, PositionRow } from '../positions.ts';
import { assertKnown } from './service.ts';

const SET_MS = 3_000;
/** How long an answer waits for what can be closed to be flat; it goes on after that. */
export const FLATTEN_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

export type RemainingRow = PositionRow | Pick<PositionRow, 'symbol' | 'state'>;

const flattenBody = z.strictObject({ reason: reasonSchema.default(ASKED_FOR), symbol: z.string().min(1).max(100).optional(), waitMs: z.int().min(0).max(60_000).optional() });

export function flattenEndpoint(options: OperatorOptions, clock: Clock): Endpoint {
  return { method: 'POST', path: '/v1/flatten', does: 'Closes everything, or one symbol, and halts it; answers what is verified flat and what is not yet.', body: '{reason?, symbol?, waitMs?}', answer: (call) => flatten(options, clock, call) };
}

async function flatten(options: OperatorOptions, clock: Clock, call: Call): Promise<Answer> {
  const { reason, symbol, waitMs = FLATTEN_WAIT_MS } = checked(flattenBody, call.body ?? {}, 'body');
  assertKnown(options, symbol);
  const { system, refs, audit, executors } = options;
  audit.record({ action: 'flatten', target: symbol ?? 'all', reason, by: `operator@${call.door}` });
  const question = { type: 'set', state: 'FLATTENING', symbol: symbol as SymbolName | undefined, reason, by: 'operator' } as const;
  const answer = await system.ask(refs.tradingState, question, SET_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', `${messageOf(error)}; it may still take effect`, { cause: error });
  });
  if (!answer.ok) throw new VigilError('ACTION_REFUSED', answer.message, { details: { action: 'flatten' } });
  // Flat only when its executor says so, which it does when the venue has confirmed it (failure 92).
  const look = () => readExecutors(system, executors.keys()).filter((one) => symbol === undefined || one.symbol === symbol);
  const deadline = clock.monotonic() + waitMs;
  while (clock.monotonic() < deadline && look().some((one) => one.life?.phase !== 'Flat')) await pause(clock);
  const readings = look();
  const flat = readings.filter((one) => one.life?.phase === 'Flat').map((one) => one.symbol);
  return { status: 200, body: { flat, remaining: remainingRows(readings.filter((one) => one.life?.phase !== 'Flat'), system, clock.now()) } };
}

/** Every symbol that is not surely flat has a row, also one of which nothing but that is known. */
function remainingRows(readings: readonly ExecutorReading[], system: ActorSystem, now: number): readonly RemainingRow[] {
  const rows = positionRows(readings, readMarks(system), now);
  const without = readings.filter((one) => !rows.some((row) => row.symbol === one.symbol)).map((one) => ({ symbol: one.symbol, state: one.life?.phase ?? ('Unknown' as const) }));
  return [...rows, ...without];
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.after(LOOK_EVERY_MS, resolve);
  });
}
