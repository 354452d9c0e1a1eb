/** `vigil flatten --offline`: with the service dead, takes its place, closes what is open, and says what the venue shows before and after. */
import type { Config } from '../config.ts';
import type { ReadAnswer } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ReadName, VenueAlgoOrder, VenueOrder, VenuePosition, VenueReads } from '../protocol/venue.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { readClientId } from '../rules/client-ids.ts';
import { sleep, systemClock } from '../supervision/clock.ts';
import { runService } from './service.ts';
import type { Running } from './service.ts';

export interface FlattenOrder {
  readonly symbol: SymbolName | undefined;
  readonly reason: string;
  /** How long it may take until everything is flat, ms. */
  readonly withinMs: number;
  /** When the journal cannot be had: close all the same. Whoever says so knows that no other service trades this account. */
  readonly withoutJournal: boolean;
}

/** A position as the venue states it. */
export interface HeldRow {
  readonly symbol: SymbolName;
  readonly side: 'LONG' | 'SHORT';
  readonly quantity: string;
}

export interface FlattenReport {
  /** Held before, and verified flat now. */
  readonly closed: readonly HeldRow[];
  /** Orders of this instance that stood before and do not now: stops and targets, cancelled when their position was flat. */
  readonly ordersGone: number;
  /** Still held, or held anew. */
  readonly remaining: readonly HeldRow[];
  /** Orders of this instance that still stand, by client id. */
  readonly ordersLeft: readonly string[];
  /** Orders of others, which are not ours to cancel. */
  readonly foreignOrders: number;
  readonly symbols: 'all' | SymbolName;
  /** Why it is not known how the venue stands; null: it is. */
  readonly unknown: string | null;
  /** The journal could not be had: what was done is on record in this file instead. */
  readonly standIn: string | null;
}

/** What the venue shows of the symbols in question. */
interface Picture {
  readonly held: readonly HeldRow[];
  readonly ours: readonly (VenueOrder | VenueAlgoOrder)[];
  readonly foreign: number;
}

const READ_MS = 9_000;
const SET_MS = 3_000;
const LOOK_EVERY_MS = 500;
const UNIVERSE_MS = 5_000;
/** What is held is taken up by its executor within this, or is left as it is. */
const TAKE_UP_MS = 10_000;
/** Flat is a halt as soon as that is on record. Until then it is FLATTENING, which opens nothing either, and would close what a hand opens. */
const HALT_MS = 10_000;

/**
 * Runs journal, gateway and executors for exits alone until the venue shows nothing more, or the time is over. Everything is
 * recorded as ever; trading is halted afterwards. @throws VigilError INSTANCE_RUNNING while the service lives, and what refuses a start.
 */
export async function flattenOffline(config: Config, order: FlattenOrder): Promise<FlattenReport> {
  let report: FlattenReport | undefined;
  // Nobody is to look at a page meanwhile; the admin socket answers `vigil positions` as ever.
  const settings: Config = { ...config, operator: { ...config.operator, http: { ...config.operator.http, listen: 'off' } } };
  await runService(settings, {
    exitsAlone: {
      logTo: process.stderr,
      withoutJournal: order.withoutJournal,
      work: async (running) => {
        report = await flatten(running, order);
      },
    },
  });
  return report ?? { closed: [], ordersGone: 0, remaining: [], ordersLeft: [], foreignOrders: 0, symbols: order.symbol ?? 'all', unknown: 'it was interrupted before the venue had been read', standIn: null };
}

async function flatten(running: Running, { symbol, reason, withinMs }: FlattenOrder): Promise<FlattenReport> {
  const { system, refs, audit } = running;
  const deadline = systemClock.monotonic() + withinMs;
  const over = () => systemClock.monotonic() >= deadline;
  let before: Picture | undefined;
  let now: Picture | undefined;
  let unknown: string | null = null;
  const look = async (whole = false): Promise<void> => {
    try {
      now = await pictureOf(running, symbol, whole ? undefined : now);
      before ??= now;
      unknown = null;
    } catch (error) {
      unknown = messageOf(error);
    }
  };
  await look();
  while (before === undefined && !over()) {
    await sleep(systemClock, LOOK_EVERY_MS);
    await look();
  }
  await assertKnown(running, symbol, before, over);
  await takenUp(running, before?.held ?? [], over);
  audit({ action: 'flatten', target: symbol ?? 'all', reason: `${reason} (offline)`, by: 'operator@socket' });
  const order = async (): Promise<void> => {
    const answer = await system.ask(refs.tradingState, { type: 'set', state: 'FLATTENING', symbol, reason: `${reason} (offline)`, by: 'operator' }, SET_MS);
    if (!answer.ok) throw new VigilError('ACTION_REFUSED', answer.message, { details: { action: 'flatten' } });
  };
  await order();
  // Flat is what the venue and every executor say: an order on its way may still fill.
  while (!over() && !(isClear(now, unknown) && isAtRest(running, symbol))) {
    await sleep(systemClock, LOOK_EVERY_MS);
    await look();
    // What was taken up late was not meant by an order that had been carried out before.
    if (isClear(now, unknown) || (await stateOf(running, symbol)) === 'FLATTENING') continue;
    if ((now?.held.length ?? 0) > 0) await order();
  }
  if (isClear(now, unknown)) await halted(running, symbol);
  else await look(true);
  const remaining = now?.held ?? [];
  const left = new Set((now?.ours ?? []).map((one) => one.clientId));
  const restless = isAtRest(running, symbol) ? null : 'not every executor has agreed with the venue: an order may still be on its way';
  return {
    closed: (before?.held ?? []).filter((row) => !remaining.some((one) => one.symbol === row.symbol)),
    ordersGone: (before?.ours ?? []).filter((one) => !left.has(one.clientId)).length,
    remaining,
    ordersLeft: [...left],
    foreignOrders: now?.foreign ?? 0,
    symbols: symbol ?? 'all',
    unknown: unknown ?? restless,
    standIn: running.standIn ?? null,
  };
}

/** A name that nobody knows would pass for flat. The universe is known a moment after the start, or never. */
async function assertKnown({ symbols }: Running, symbol: SymbolName | undefined, before: Picture | undefined, over: () => boolean): Promise<void> {
  const known = () => symbol === undefined || symbols().includes(symbol) || before?.held.some((one) => one.symbol === symbol) === true;
  for (const until = systemClock.monotonic() + UNIVERSE_MS; !known() && !over() && systemClock.monotonic() < until; ) await sleep(systemClock, LOOK_EVERY_MS);
  if (!known()) throw new VigilError('SYMBOL_UNKNOWN', `${JSON.stringify(symbol)} is neither held, nor on record, nor traded here`, { details: { symbol } });
}

/** An executor that has not read its position yet passes for flat, and the order to close would be over before it has one. */
async function takenUp({ system, symbols }: Running, held: readonly HeldRow[], over: () => boolean): Promise<void> {
  const waits = () => held.some((row) => !symbols().includes(row.symbol) || (lifeOf(system, row.symbol)?.phase ?? 'Flat') === 'Flat');
  for (const until = systemClock.monotonic() + TAKE_UP_MS; waits() && !over() && systemClock.monotonic() < until; ) await sleep(systemClock, LOOK_EVERY_MS);
}

/** A state that cannot be had does not make the account less flat. */
async function halted(running: Running, symbol: SymbolName | undefined): Promise<void> {
  const flattens = async () => (await stateOf(running, symbol).catch(() => 'FLATTENING')) === 'FLATTENING';
  for (const until = systemClock.monotonic() + HALT_MS; systemClock.monotonic() < until && (await flattens()); ) await sleep(systemClock, LOOK_EVERY_MS / 5);
}

async function stateOf({ system, refs }: Running, symbol: SymbolName | undefined): Promise<string> {
  const { overall, symbols } = await system.ask(refs.tradingState, { type: 'get' }, SET_MS);
  return symbol === undefined || overall === 'FLATTENING' ? overall : (symbols.get(symbol) ?? overall);
}

function isClear(picture: Picture | undefined, unknown: string | null): boolean {
  return unknown === null && picture !== undefined && picture.held.length === 0 && picture.ours.length === 0;
}

/** Every executor in question runs, has been compared with the venue, and says that it is flat. */
function isAtRest({ system, symbols }: Running, symbol: SymbolName | undefined): boolean {
  return symbols().every((one) => {
    if (symbol !== undefined && one !== symbol) return true;
    const life = lifeOf(system, one);
    return life?.phase === 'Flat' && life.reconciledEpoch > 0;
  });
}

function lifeOf(system: Running['system'], symbol: SymbolName): { readonly phase: string; readonly reconciledEpoch: number } | undefined {
  const node = system.inspect(`executor/${symbol}`) as { readonly state?: { readonly life?: { readonly phase: string }; readonly reconciledEpoch?: number } | null } | undefined;
  const phase = node?.state?.life?.phase;
  return phase === undefined ? undefined : { phase, reconciledEpoch: node?.state?.reconciledEpoch ?? 0 };
}

/** @param known the lists of orders are dear: while something is held, those of the last picture stand for them. */
async function pictureOf(running: Running, symbol: SymbolName | undefined, known: Picture | undefined): Promise<Picture> {
  const wanted = (one: { readonly symbol: SymbolName }) => symbol === undefined || one.symbol === symbol;
  const positions = await read(running, 'positions');
  const held = positions.filter(wanted).filter(({ quantity }) => !quantity.isZero()).map(heldRow);
  if (known !== undefined && held.length > 0) return { ...known, held };
  const [orders, algos] = [await read(running, 'openOrders'), await read(running, 'openAlgoOrders')];
  const all = [...orders, ...algos].filter(wanted);
  const ours = all.filter(({ clientId }) => running.tags.includes(readClientId(clientId)?.tag ?? ''));
  return { held, ours, foreign: all.length - ours.length };
}

function heldRow({ symbol, quantity }: VenuePosition): HeldRow {
  return { symbol, side: quantity.isNegative() ? 'SHORT' : 'LONG', quantity: quantity.abs().toFixed() };
}

async function read<Name extends ReadName>({ system, refs }: Running, name: Name): Promise<VenueReads[Name]['answer']> {
  const answer = (await system.ask(refs.gateway, { type: 'read', name, query: {} } as never, READ_MS)) as ReadAnswer<Name>;
  if (!answer.ok) throw new Error(`the venue does not tell its ${name}: ${answer.message}`);
  return answer.value;
}

/** Whether the venue itself shows that nothing is left. */
export function isFlat({ remaining, ordersLeft, unknown }: FlattenReport): boolean {
  return remaining.length === 0 && ordersLeft.length === 0 && unknown === null;
}

/** For a person, in the order of what matters. */
export function flattenText(report: FlattenReport): string {
  const { closed, ordersGone, remaining, ordersLeft, foreignOrders, symbols, unknown, standIn } = report;
  const rows = (held: readonly HeldRow[]) => held.map(({ symbol, side, quantity }) => `${symbol} ${side} ${quantity}`).join(', ');
  const lines = [
    ...(remaining.length === 0 ? [] : [`NOT FLAT: ${rows(remaining)}. Close it on the exchange, or run this again`]),
    ...(ordersLeft.length === 0 ? [] : [`Orders that still stand: ${ordersLeft.join(', ')}`]),
    ...(unknown === null ? [] : [`NOT VERIFIED: ${unknown}`]),
    closed.length === 0 ? 'Closed nothing.' : `Closed, and the venue shows it flat: ${rows(closed)}`,
    `Orders of this instance that stood before and are gone: ${ordersGone}`,
    ...(foreignOrders === 0 ? [] : [`Left alone: ${foreignOrders} orders that are not this instance's`]),
    ...(standIn === null ? [] : [`The journal could not be had: what was done is on record in ${standIn}. The next start with the journal takes the rest from the venue; its audit names these orders as not on record, and they are there`]),
    ...(isFlat(report) ? [`${symbols === 'all' ? 'The account' : symbols} is flat, as the venue says. The next start opens nothing ${symbols === 'all' ? '' : 'of it '}until \`vigil activate${symbols === 'all' ? '' : ` ${symbols}`} --reason …\``] : []),
  ];
  return lines.join('\n');
}
