/** A user stream that falls silent while its socket answers, on the paper exchange itself: everything an order does is told in time, and a silence is noticed, left and read. */
import { expect } from 'chai';
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import { listenKeyBehaviour } from '../../src/actors/listen-key.ts';
import { userStreamBehaviour } from '../../src/actors/user-stream.ts';
import { DEFAULT_SEED, startPaperExchange } from '../../src/paper/exchange.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { decimal, floorTo } from '../../src/protocol/decimal.ts';
import type { FindingMessage, GatewayMessage, ListenKeyMessage, ListenKeyViewMessage } from '../../src/protocol/messages.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import type { Authority } from '../../src/protocol/permit.ts';
import type { StreamView } from '../../src/protocol/views.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { nactTurns } from '../../src/supervision/nact.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { ActorSystem } from '../../src/supervision/system.ts';
import { createBinanceVenue } from '../../src/venue/binance-venue.ts';
import { resolveEndpoint } from '../../src/venue/endpoint.ts';
import { eventually, moment } from '../kit/service.ts';

const SYMBOL = 'BTCUSDT' as SymbolName;
const DEAF_MS = 1_000;
const id = (name: string) => `x-15PC4ZJyaaaa${name}` as ClientId;
type Told = { readonly type: string; readonly [field: string]: unknown };

describe('a user stream that falls silent on the paper exchange', () => {
  let paper: PaperExchange;
  let system: ActorSystem;
  const told: Told[] = [];

  before(async () => {
    paper = await startPaperExchange({ host: '127.0.0.1', port: 0, seed: DEFAULT_SEED, balance: '10000', log: () => undefined });
    const venue = createBinanceVenue({ endpoint: resolveEndpoint({ mode: 'paper', armed: undefined, paperUrl: paper.url }), armed: undefined, credentials: { apiKey: 'paper', apiSecret: 'paper' }, clock: systemClock, offsetMs: () => 0, log: () => undefined });
    const quiet = () => undefined;
    system = new ActorSystem({ clock: systemClock, random: new SeededRandom(1), turns: nactTurns, logFor: () => ({ debug: quiet, info: quiet, warn: quiet, error: quiet }) });
    const all = system.ref<Told>('all') as never;
    const everything = { role: 'all', purpose: 'hears everything', consumes: {} as Record<string, string>, emits: [], mailbox: { capacity: 1_000, overflow: 'reject' as const, onRestart: 'keep' as const }, init: () => null, receive: (_state: null, message: Told) => (told.push(message), same), view: () => null };
    let connections = 0;
    await system.start(
      supervisor('vigil', 'a test', [
        worker(system.ref<Told>('all'), everything),
        worker(system.ref<GatewayMessage>('gateway') as never, gatewayBehaviour({ venue: venue.gateway, redeemer: { redeem: () => ({ ok: true, under: 'mandate-1' as never }) }, executorOf: () => all, subscribers: [], userStream: system.ref('user-stream'), onClockOffset: quiet, refuse: quiet, mode: 'paper', clockSkewMaxMs: 1_000, owners: { tradingState: all, watchdog: all, findings: all, locks: all }, rest: { read: () => undefined, write: quiet } })),
        worker(system.ref('listen-key') as never, listenKeyBehaviour({ keys: venue.listenKeys, userStream: system.ref<ListenKeyViewMessage>('user-stream'), watchdog: all })),
        worker(system.ref('user-stream') as never, userStreamBehaviour({ stream: venue.userStream, listenKey: system.ref<ListenKeyMessage>('listen-key'), executorOf: () => all, account: all, gateway: all, subscribers: [all], findings: system.ref<FindingMessage>('all') as never, nextConnection: () => ++connections, deafAfterMs: DEAF_MS })),
      ]),
      (error) => {
        throw error;
      },
    );
    await eventually('the stream to be live', () => stream()?.live === true);
  });

  after(async () => {
    await system.stop('the test is over');
    await paper.close();
  });

  const stream = () => told.findLast((one) => one.type === 'stream')?.['view'] as StreamView | undefined;
  const deaf = () => told.filter((one) => one.type === 'finding');

  /** Sends a write and answers what came of it. */
  async function write(write: VenueWrite): Promise<WriteOutcome> {
    system.tell(system.ref<GatewayMessage>('gateway'), { type: 'write', write, authority: write.kind === 'OPEN' ? ({ by: 'permit', permit: {} } as unknown as Authority) : { by: 'mandate', mandateId: 'mandate-1' as never }, because: 'a test' });
    return eventually(`an outcome of ${write.clientId}`, () => told.find((one) => one.type === 'write-outcome' && (one['write'] as VenueWrite).clientId === write.clientId)?.['outcome'] as WriteOutcome | undefined);
  }

  async function control(body: object): Promise<void> {
    const response = await fetch(`${paper.url}/paper/v1/streams`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect(response.ok, await response.text()).to.equal(true);
  }

  const price = async () => {
    const answer = await system.ask(system.ref<GatewayMessage>('gateway'), { type: 'read', name: 'tickers', query: {} }, 5_000, 'test');
    if (!answer.ok) throw new Error(answer.message);
    return answer.value.find((one) => one.symbol === SYMBOL)!.lastPrice;
  };

  const quantity = decimal('0.002');

  it('tells in time of an entry, its fill, its stop, the cancel of that, and a close: nothing of it seems deaf', async () => {
    const last = await price();
    expect(await write({ kind: 'OPEN', symbol: SYMBOL, clientId: id('e1'), side: 'BUY', quantity, price: floorTo(last.multipliedBy('1.02'), decimal('0.1')) })).to.include({ result: 'accepted' });
    expect(await write({ kind: 'PROTECT', symbol: SYMBOL, clientId: id('s1'), side: 'SELL', leg: 'stop', quantity, triggerPrice: floorTo(last.multipliedBy('0.9'), decimal('0.1')) })).to.include({ result: 'accepted' });
    expect(await write({ kind: 'CANCEL', symbol: SYMBOL, clientId: id('s1'), of: 'algo' })).to.include({ result: 'accepted' });
    expect(await write({ kind: 'CLOSE', symbol: SYMBOL, clientId: id('c1'), side: 'SELL', quantity })).to.include({ result: 'accepted' });
    const fills = await system.ask(system.ref<GatewayMessage>('gateway'), { type: 'read', name: 'trades', query: { symbol: SYMBOL, since: systemClock.now() - 60_000 } }, 5_000, 'test');
    expect(fills.ok && fills.value.length, 'REST tells of the fills too').to.be.greaterThan(1);
    await moment(2 * DEAF_MS + 500);
    expect(deaf()).to.deep.equal([]);
    expect(stream()).to.include({ live: true, streamEpoch: 1 });
  });

  it('is left when it keeps an order to itself, and the next connection is a new epoch', async () => {
    await control({ stream: 'user', action: 'silence', forMs: 1_500 });
    const last = await price();
    expect(await write({ kind: 'OPEN', symbol: SYMBOL, clientId: id('e2'), side: 'BUY', quantity, price: floorTo(last.multipliedBy('1.02'), decimal('0.1')) })).to.include({ result: 'accepted' });
    await eventually('the silence to be found', () => deaf().length > 0);
    expect(deaf()).to.have.nested.property('[0].finding.message').that.contains(id('e2'));
    await eventually('another connection', () => stream()?.live === true && stream()?.streamEpoch === 2);
    const views = told.filter((one) => one.type === 'stream').map((one) => one['view'] as StreamView);
    expect(views.some((view) => !view.live && view.streamEpoch === 1), 'openings wait meanwhile').to.equal(true);
    await moment(1_000);
    expect(await write({ kind: 'CLOSE', symbol: SYMBOL, clientId: id('c2'), side: 'SELL', quantity })).to.include({ result: 'accepted' });
    await moment(2 * DEAF_MS);
    expect(deaf(), 'the new one tells').to.have.length(1);
  });
});
