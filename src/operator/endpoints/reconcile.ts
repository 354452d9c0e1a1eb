/** Comparing venue and journal now, with what was found; and taking over a position that the journal cannot explain. */
import { z } from 'zod';
import { decimal, decimalString } from '../../protocol/decimal.ts';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { ExecutorMessage } from '../../protocol/messages.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { ReconciledRow } from '../../protocol/read-models.ts';
import type { LifeView } from '../../protocol/views.ts';
import { sleep } from '../../supervision/clock.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { ASKED_FOR, checked, reasonSchema } from '../endpoint.ts';
import type { OperatorOptions } from '../options.ts';
import { readExecutors } from '../positions.ts';
import { assertKnown } from './service.ts';

/** The reconciler answers by itself after 8 s; the venue is asked before that. */
export const RECONCILE_WAIT_MS = 12_000;
/** A reading of the venue, and as long again until the stop stands there. */
export const ADOPT_WAIT_MS = 20_000;
const READ_MS = 10_000;
const PROTECT_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

const PRICE_EXPECTED = 'a price above 0, as text such as "0.0085"';
const symbol = z.string().min(1).max(100);
const reconcileBody = z.strictObject({ symbol: symbol.optional(), reason: reasonSchema.default(ASKED_FOR) });
const adoptBody = z.strictObject({
  symbol,
  stop: z.string(PRICE_EXPECTED).refine((price) => decimalString.safeParse(price).success && decimal(price).isGreaterThan(0), PRICE_EXPECTED).optional(),
  reason: reasonSchema.default(ASKED_FOR),
});

/** What was taken over. `stopLoss` and `stopOrderId` as the venue has acknowledged them; null: not yet. */
export interface AdoptBody {
  readonly symbol: string;
  readonly positionId: string;
  readonly side: 'LONG' | 'SHORT';
  readonly quantity: string;
  readonly entryPrice: string;
  /** Where the stop is to stand. */
  readonly stopPrice: string;
  readonly stopLoss: string | null;
  readonly stopOrderId: string | null;
  readonly state: string;
}

export interface ReconcileBody {
  readonly symbols: readonly ReconciledRow[];
}

export function reconcileEndpoints(options: OperatorOptions, clock: Clock): readonly Endpoint[] {
  return [
    { method: 'POST', path: '/v1/reconcile', does: 'Compares the venue with the journal now, for all symbols or one; answers what was found of each.', body: '{symbol?, reason?}', answer: (call) => reconcile(options, call) },
    { method: 'POST', path: '/v1/adopt', does: 'Takes over the position the venue holds in a symbol and the journal cannot explain: on record, with a mandate, its stop placed.', body: '{symbol, stop?, reason?}', answer: (call) => adopt(options, clock, call) },
  ];
}

async function reconcile(options: OperatorOptions, call: Call): Promise<Answer> {
  const body = checked(reconcileBody, call.body ?? {}, 'body');
  assertKnown(options, body.symbol);
  const { system, refs, audit } = options;
  audit.record({ action: 'reconcile', target: body.symbol ?? 'all', reason: body.reason, by: `operator@${call.door}` });
  const answer = await system.ask(refs.reconciler, { type: 'reconcile-now', symbol: body.symbol as SymbolName | undefined }, RECONCILE_WAIT_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', messageOf(error), { cause: error });
  });
  if (!answer.ok) throw new VigilError('STATE_UNKNOWN', answer.message);
  return { status: 200, body: { symbols: answer.rows } satisfies ReconcileBody };
}

async function adopt(options: OperatorOptions, clock: Clock, call: Call): Promise<Answer> {
  const body = checked(adoptBody, call.body ?? {}, 'body');
  assertKnown(options, body.symbol);
  const { system, audit } = options;
  audit.record({ action: 'adopt', target: body.symbol, reason: body.reason, by: `operator@${call.door}` });
  const executor = system.ref<ExecutorMessage>(`executor/${body.symbol}`);
  const answer = await system.ask(executor, { type: 'adopt', stopPrice: body.stop, reason: body.reason, by: 'operator' }, READ_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', `${messageOf(error)}; it may still take effect: \`vigil positions\` shows it`, { cause: error });
  });
  if (!answer.ok) throw new VigilError('ACTION_REFUSED', answer.message, { details: { action: 'adopt', symbol: body.symbol } });
  const life = await protectedLife(options, clock, body.symbol as SymbolName, answer.positionId);
  const { positionId, side, quantity, entryPrice, stopPrice } = answer;
  return { status: 200, body: { symbol: body.symbol, positionId, side, quantity, entryPrice, stopPrice, stopLoss: life?.position?.stopLoss ?? null, stopOrderId: life?.position?.stopOrderId ?? null, state: life?.phase ?? 'Unknown' } satisfies AdoptBody };
}

/** The life once the venue holds its stop, or as it is when the time is over. */
async function protectedLife({ system }: OperatorOptions, clock: Clock, of: SymbolName, positionId: string): Promise<LifeView | undefined> {
  const look = () => readExecutors(system, [of])[0]?.life;
  const stands = (life: LifeView | undefined) => life?.position?.positionId === positionId && life.position.stopOrderId !== null;
  for (const deadline = clock.monotonic() + PROTECT_WAIT_MS; clock.monotonic() < deadline && !stands(look()); ) await sleep(clock, LOOK_EVERY_MS);
  return look();
}
