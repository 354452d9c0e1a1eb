/** What follows when a path of the tree has spent its restart budget: a table, with a row for every path, and the reason for each (rulings 12, 13). */
import type { AutomaticCause } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';

/**
 * `alert`: told, nothing else; what depends on it refuses by its own guard. `symbol-reducing`: the symbol is closed to
 * openings. `reducing`: everything is. Exits and stops run in all of them, and slow retries go on for ever.
 */
export type Consequence = 'alert' | 'symbol-reducing' | 'reducing';

interface Row {
  /** A path, or `…/*` for what is below it. The first that fits counts. */
  readonly path: string;
  readonly consequence: Consequence;
  readonly because: string;
}

export const EXHAUSTION: readonly Row[] = [
  { path: 'vigil', consequence: 'alert', because: 'the root that gives up ends the process, and the launcher starts it again' },
  { path: 'journal', consequence: 'reducing', because: 'nothing can be made durable' },
  { path: 'findings', consequence: 'alert', because: 'what is found is in the log all the same' },
  { path: 'operator', consequence: 'alert', because: 'trading does not depend on being watched' },
  { path: 'operator/*', consequence: 'alert', because: 'trading does not depend on being watched' },
  { path: 'venue', consequence: 'reducing', because: 'nothing reaches the exchange' },
  { path: 'paper', consequence: 'alert', because: 'an exchange that is away is noticed by those who ask it' },
  { path: 'gateway', consequence: 'reducing', because: 'nothing reaches the exchange' },
  { path: 'market', consequence: 'alert', because: 'prices age, and an old one denies (PRICE_STALE)' },
  { path: 'listen-key', consequence: 'alert', because: 'the user stream leaves a key that nobody prolongs, and opens none without it (STREAM_STALE)' },
  { path: 'user-stream', consequence: 'reducing', because: 'fills would not be heard of, and its last view does not age' },
  { path: 'state', consequence: 'reducing', because: 'what is allowed is not known' },
  { path: 'universe', consequence: 'alert', because: 'the last good universe stays, and the venue refuses what it no longer trades' },
  { path: 'account', consequence: 'alert', because: 'equity ages, and an old one denies (EQUITY_STALE)' },
  { path: 'trading-state', consequence: 'alert', because: 'it alone can lower the state; a restart finds the lower of file and journal' },
  { path: 'locks', consequence: 'alert', because: 'locks that are not known deny (LOCKS_UNKNOWN)' },
  { path: 'readiness', consequence: 'alert', because: 'each input has a guard of its own' },
  { path: 'governor', consequence: 'reducing', because: 'without it there is no permit; what it reserved must be loaded first' },
  { path: 'executors', consequence: 'reducing', because: 'no symbol can be managed' },
  { path: 'executor/*', consequence: 'symbol-reducing', because: 'the symbol cannot be managed' },
  { path: 'reconciler', consequence: 'reducing', because: 'journal and venue are no longer compared' },
  { path: 'auditor', consequence: 'alert', because: 'nobody looks back; what is decided now does not depend on it' },
  { path: 'decisions', consequence: 'reducing', because: 'nobody decides when to get out' },
  { path: 'bridge', consequence: 'alert', because: 'without it there is no plan' },
  { path: 'intake', consequence: 'alert', because: 'without it nobody outside is heard, and what is open is managed' },
  { path: 'exits', consequence: 'reducing', because: 'a stop that the venue passes over would not be closed' },
  { path: 'generators', consequence: 'alert', because: 'without signals nothing is opened, and what is open is managed' },
  { path: 'generator/*', consequence: 'alert', because: 'without signals nothing is opened, and what is open is managed' },
  { path: 'shadows', consequence: 'alert', because: 'a shadow trades nothing' },
  { path: 'shadow/*', consequence: 'alert', because: 'a shadow trades nothing' },
  { path: 'watchdog', consequence: 'alert', because: 'health fails while it is away' },
];

export function rowOf(path: string): Row | undefined {
  return EXHAUSTION.find((row) => (row.path.endsWith('/*') ? path.startsWith(row.path.slice(0, -1)) : row.path === path));
}

/** What is read of one node of the tree. */
export interface ObservedNode {
  readonly path: string;
  readonly status: string;
  readonly incarnation: number;
  readonly restartBudget: { readonly used: number; readonly limit: number };
}

/** One path whose budget was found spent and that has not run steadily since. */
export interface Exhausted {
  readonly path: string;
  /** The incarnation that runs again, and since when, monotonic ms; undefined: none does. */
  readonly running: { readonly incarnation: number; readonly since: number } | undefined;
}

/** A slow retry that dies again at once is no return. */
const STEADY_MS = 60_000;

/** What is exhausted now, from what was: a path comes with a spent budget while it does not run, and goes when one incarnation has run for a minute. */
export function foldExhausted(known: ReadonlyMap<string, Exhausted>, nodes: readonly ObservedNode[], now: number): ReadonlyMap<string, Exhausted> {
  const next = new Map<string, Exhausted>();
  for (const { path, status, incarnation, restartBudget } of nodes) {
    const before = known.get(path);
    const runs = status === 'running';
    if (before === undefined && (runs || restartBudget.used <= restartBudget.limit)) continue;
    const running = !runs ? undefined : before?.running?.incarnation === incarnation ? before.running : { incarnation, since: now };
    if (running === undefined || now - running.since < STEADY_MS) next.set(path, { path, running });
  }
  return next;
}

/** A path without a row lowers for all: what is not known is not fine. */
export function causesOf(exhausted: ReadonlyMap<string, Exhausted>): readonly AutomaticCause[] {
  return [...exhausted.keys()].flatMap((path): AutomaticCause[] => {
    const { consequence, because } = rowOf(path) ?? { consequence: 'reducing', because: 'it is in no table' };
    if (consequence === 'alert') return [];
    const symbol = consequence === 'symbol-reducing' ? (path.slice(path.indexOf('/') + 1) as SymbolName) : undefined;
    return [{ key: path, symbol, reason: `${path} has spent its restart budget: ${because}` }];
  });
}

/** How long the gateway may be away with something open before the process ends, to be started afresh (ruling 13). */
export const GATEWAY_AWAY_MS = 60_000;
/** One that lives shorter than this has not been back. */
const GATEWAY_STEADY_MS = 10_000;

/** Since when the gateway is away, monotonic ms; `steady`: the incarnation that runs, and since when. */
export interface GatewayWatch {
  readonly awaySince: number | undefined;
  readonly steady: { readonly incarnation: number; readonly since: number } | undefined;
}

/** Suspended by an operator is not away: somebody is at it. Without a gateway in the tree, nothing is. */
export function foldGateway(known: GatewayWatch, gateway: ObservedNode | undefined, now: number): GatewayWatch {
  if (gateway === undefined || gateway.status === 'suspended') return { awaySince: undefined, steady: undefined };
  if (gateway.status !== 'running') return { awaySince: known.awaySince ?? now, steady: undefined };
  const steady = known.steady?.incarnation === gateway.incarnation ? known.steady : { incarnation: gateway.incarnation, since: now };
  return { awaySince: now - steady.since >= GATEWAY_STEADY_MS ? undefined : known.awaySince, steady };
}
