/** The endpoints that act on trading as a whole, and on the process. Lowering and raising are the trading-state actor's to decide. */
import { z } from 'zod';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { TradingStateName, TradingStateView } from '../../protocol/views.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { isoTime } from '../../supervision/clock.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { checked, reasonSchema } from '../endpoint.ts';
import type { OperatorOptions } from '../options.ts';
import { positionRows, readExecutors, readMarks } from '../positions.ts';

/** Raising waits for the journal (ruling 11), and an order of the operator may wait for a restart of the actor. */
const SET_MS = 3_000;

const tradingBody = z.strictObject({ reason: reasonSchema, symbol: z.string().min(1).max(100).optional() });
const stopBody = z.strictObject({ reason: reasonSchema });

const ORDERS = [
  { action: 'halt', state: 'HALTED', does: 'No openings until an operator activates; exits and stops go on.' },
  { action: 'reduce', state: 'REDUCING', does: 'No openings; positions are only reduced.' },
  { action: 'activate', state: 'ACTIVE', does: 'Openings are allowed again.' },
] as const satisfies readonly { action: string; state: TradingStateName; does: string }[];

export function serviceEndpoints(options: OperatorOptions, clock: Clock): readonly Endpoint[] {
  return [
    ...ORDERS.map(({ action, state, does }): Endpoint => ({ method: 'POST', path: `/v1/trading/${action}`, does, body: '{reason, symbol?}', answer: (call) => order(options, call, action, state) })),
    { method: 'POST', path: '/v1/stop', does: 'Stops the service in order; answers first, with what stays open and its stops.', body: '{reason}', answer: (call) => stop(options, clock, call) },
  ];
}

async function order(options: OperatorOptions, call: Call, action: 'halt' | 'reduce' | 'activate', state: TradingStateName): Promise<Answer> {
  const { reason, symbol } = checked(tradingBody, call.body ?? {}, 'body');
  assertKnown(options, symbol);
  options.audit.record({ action, target: symbol ?? 'all', reason, by: `operator@${call.door}` });
  const question = { type: 'set', state, symbol: symbol as SymbolName | undefined, reason, by: 'operator' } as const;
  const answer = await options.system.ask(options.refs.tradingState, question, SET_MS, 'operator').catch((error: unknown) => {
    throw new VigilError('STATE_UNKNOWN', `${messageOf(error)}; the order may still take effect`, { cause: error });
  });
  if (!answer.ok) throw new VigilError('ACTION_REFUSED', answer.message, { details: { action } });
  return { status: 200, body: tradingStateJson(answer.view) };
}

/** A misspelt symbol must not look halted. @throws VigilError REQUEST_INVALID */
export function assertKnown(options: OperatorOptions, symbol: string | undefined): void {
  const known = symbol === undefined ? undefined : options.symbols?.();
  if (symbol === undefined || known === undefined || known.includes(symbol)) return;
  throw new VigilError('REQUEST_INVALID', `symbol: not a symbol of this service (got ${JSON.stringify(symbol)})`, { details: { errors: [{ field: 'symbol', value: symbol, expected: 'a symbol of the universe, as in GET /v1/universe' }] } });
}

function tradingStateJson(view: TradingStateView): unknown {
  return { overall: view.overall, symbols: Object.fromEntries(view.symbols), cause: view.cause, since: isoTime(view.since), tradingEpoch: view.tradingEpoch };
}

function stop(options: OperatorOptions, clock: Clock, call: Call): Answer {
  const { reason } = checked(stopBody, call.body ?? {}, 'body');
  options.audit.record({ action: 'stop', target: 'service', reason, by: `operator@${call.door}` });
  const readings = readExecutors(options.system, options.executors.keys());
  // Of an executor that is not there yet nothing is known: what is held there stays, and is not called flat.
  const unread = readings.filter((one) => one.life === undefined).map((one) => one.symbol);
  const positions = positionRows(readings, readMarks(options.system), clock.now()).filter((one) => !unread.includes(one.symbol));
  return { status: 202, body: { stopping: true, reason, positions, unread }, afterwards: () => options.service.stop(reason) };
}
