/** Where Vigil waits for the venue, by its own code, and what the paper exchange can do to it there, by the schemas of its control: what of this the fault matrix has. */
import { ACTS } from '../../src/paper/control/control.ts';
import { faultSchema } from '../../src/paper/control/faults.ts';
import { symbolStatusSchema } from '../../src/paper/core/model.ts';
import { streamFaultSchema } from '../../src/paper/streams/stream-faults.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import { readers } from '../../src/venue/binance-reads.ts';
import type { Fault, FaultCase } from './fault-case.ts';

/** The names by which one kind of write differs: legs, purposes, settings. A new one is missing here for the compiler. */
interface Purposes {
  readonly OPEN: 'entry';
  readonly CLOSE: 'close' | 'part';
  readonly PROTECT: Extract<VenueWrite, { kind: 'PROTECT' }>['leg'];
  readonly CANCEL: `cancel of ${Extract<VenueWrite, { kind: 'CANCEL' }>['of']}`;
  readonly CONFIGURE: Extract<VenueWrite, { kind: 'CONFIGURE' }>['setting'];
}

const WRITES: { readonly [Kind in VenueWrite['kind']]: Readonly<Record<Purposes[Kind], true>> } = {
  OPEN: { entry: true },
  CLOSE: { close: true, part: true },
  PROTECT: { stop: true, target: true },
  CANCEL: { 'cancel of algo': true, 'cancel of order': true },
  CONFIGURE: { leverage: true, marginMode: true },
};

export const WRITE_POINTS: readonly string[] = Object.values(WRITES).flatMap((purposes) => Object.keys(purposes));

/** Each reading with the requests it makes, as its own code makes them. */
async function readRequests(): Promise<ReadonlyMap<string, readonly string[]>> {
  const made = new Map<string, readonly string[]>();
  for (const [name, read] of Object.entries(readers)) {
    const asked: string[] = [];
    const stop = () => {
      throw new Error('only its request was wanted');
    };
    const call = async ({ method, path }: { readonly method: string; readonly path: string }) => {
      asked.push(`${method} /${path}`);
      return { ok: false, failure: { where: path, status: undefined, code: undefined, text: 'not asked', retryAfterMs: undefined } } as const;
    };
    const query = { symbol: 'A', clientId: 'a', since: 0, limit: 1 };
    await (read as (query: object, context: object) => Promise<unknown>)(query, { call, callKeys: undefined, fail: stop, now: () => 1, venueNow: () => 1, onBadRow: stop }).catch(() => undefined);
    made.set(name, asked);
  }
  return made;
}

/** What can strike a request; of a question it makes no difference whether it was carried out. */
const REQUEST_FAULTS: readonly string[] = faultSchema.shape.action.options.flatMap((action) => {
  if (action === 'error') return ['error', 'error, executed'];
  return action === 'rate-limit' ? ['rate-limit 429', 'rate-limit 418'] : [action];
});

function kindOf({ action, status, processed }: Fault): string {
  if (status === 418) return 'rate-limit 418';
  if (action === 'rate-limit' || status === 429) return 'rate-limit 429';
  return action === 'error' && processed === true ? 'error, executed' : action;
}

/** The await points that a fault is armed for. */
function pointsOf({ match }: Fault, { act }: FaultCase, requests: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const request = `${match.method ?? ''} ${match.path ?? ''}`;
  const type = match.params?.['type'];
  switch (request) {
    case 'POST /fapi/v1/order':
      return [type === 'LIMIT' ? 'entry' : act === 'tier' || act === 'lock' ? 'part' : 'close'];
    case 'POST /fapi/v1/algoOrder':
      return [type === 'STOP_MARKET' ? 'stop' : 'target'];
    case 'DELETE /fapi/v1/algoOrder':
      return ['cancel of algo'];
    case 'POST /fapi/v1/leverage':
      return ['leverage'];
    case 'POST /fapi/v1/marginType':
      return ['marginMode'];
    case 'POST /fapi/v1/listenKey':
      return ['listenKey'];
  }
  return [...requests].flatMap(([name, made]) => (made.includes(request) ? [`read ${name}`] : []));
}

/** What is sent, or done by the venue, when the world around it changes. */
function momentsOf(one: FaultCase, requests: ReadonlyMap<string, readonly string[]>): readonly string[] {
  if (one.armed.length > 0) return one.armed.flatMap((fault) => pointsOf(fault, one, requests));
  if (one.act === undefined) return ['entry'];
  if (typeof one.act !== 'string') return ['held'];
  return [one.act === 'tier' || one.act === 'lock' ? 'part' : one.act];
}

/** Everything that can be asked of the paper exchange's control, at every point where Vigil waits: `point × fault`. */
export async function everyPair(): Promise<readonly string[]> {
  const reads = [...(await readRequests()).keys()].map((name) => `read ${name}`);
  const across = (points: readonly string[], faults: readonly string[]) => points.flatMap((point) => faults.map((fault) => `${point} × ${fault}`));
  const { stream, action } = streamFaultSchema.shape;
  return [
    ...across(WRITE_POINTS, REQUEST_FAULTS),
    ...across([...reads, 'listenKey'], REQUEST_FAULTS.filter((fault) => fault !== 'error, executed')),
    ...across(WRITE_POINTS, ['clock', ...symbolStatusSchema.options.map((status) => `status ${status}`)]),
    ...across(stream.options.map((name) => `${name} stream`), action.options),
    ...Object.keys(ACTS).filter((name) => name !== 'clock').map((name) => `held × ${name}`),
  ];
}

/** The same of what the cases do. */
export async function pairsOf(cases: readonly FaultCase[]): Promise<ReadonlySet<string>> {
  const requests = await readRequests();
  const found = new Set<string>();
  for (const one of cases) {
    for (const fault of one.armed) for (const point of pointsOf(fault, one, requests)) found.add(`${point} × ${kindOf(fault)}`);
    const moments = momentsOf(one, requests);
    const controls = [...(one.before ?? []), ...(one.beforeAct ?? []), ...(one.onStruck ?? []), ...(one.undo?.controls ?? []), ...(typeof one.act === 'object' ? [one.act] : [])];
    for (const { control, body } of controls) {
      if (control === 'streams') found.add(`${body.stream} stream × ${body.action}`);
      else for (const moment of moments) found.add(`${moment} × ${control.startsWith('symbols/') ? `status ${body.status}` : control}`);
    }
    // The market moves to its trigger.
    if (typeof one.act === 'string' && one.act !== 'close') found.add('held × price');
  }
  return found;
}
