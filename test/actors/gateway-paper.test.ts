/** The gateway on the paper exchange itself, over the SDK and real sockets: what the venue answers, it carries out. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import { DEFAULT_SEED, startPaperExchange } from '../../src/paper/exchange.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { venueRestFile } from '../../src/persistence/venue-rest-file.ts';
import { decimal, floorTo } from '../../src/protocol/decimal.ts';
import type { GatewayMessage } from '../../src/protocol/messages.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import type { Authority } from '../../src/protocol/permit.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import type { VenueSessionView } from '../../src/protocol/views.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { nactTurns } from '../../src/supervision/nact.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { ActorSystem } from '../../src/supervision/system.ts';
import { createBinanceVenue } from '../../src/venue/binance-venue.ts';
import { resolveEndpoint } from '../../src/venue/endpoint.ts';
import { eventually } from '../kit/service.ts';

const SYMBOL = 'BTCUSDT' as SymbolName;
const quantity = decimal('0.002');
const id = (name: string) => `x-15PC4ZJyaaaa${name}` as ClientId;
type Told = { readonly type: string; readonly [field: string]: unknown };

/** One process's gateway: its own venue, its own memory, the same data directory. */
async function gatewayOn(paper: PaperExchange, directory: string) {
  const told: Told[] = [];
  const quiet = () => undefined;
  let offsetMs = 0;
  const rest = venueRestFile({ path: join(directory, 'venue-rest'), venue: 'paper', now: () => systemClock.now(), onFailure: (reason) => expect.fail(reason) });
  const kept = rest.read();
  const venue = createBinanceVenue({ endpoint: resolveEndpoint({ mode: 'paper', armed: undefined, paperUrl: paper.url }), armed: undefined, credentials: { apiKey: 'paper', apiSecret: 'paper' }, clock: systemClock, offsetMs: () => offsetMs, bannedMs: kept?.banned === true ? kept.until - systemClock.now() : 0, log: quiet });
  const system = new ActorSystem({ clock: systemClock, random: new SeededRandom(1), turns: nactTurns, logFor: () => ({ debug: quiet, info: quiet, warn: quiet, error: quiet }) });
  const all = system.ref<Told>('all') as never;
  const everything = { role: 'all', purpose: 'hears everything', consumes: {} as Record<string, string>, emits: [], mailbox: { capacity: 1_000, overflow: 'reject' as const, onRestart: 'keep' as const }, init: () => null, receive: (_state: null, message: Told) => (told.push(message), same), view: () => null };
  const gateway = system.ref<GatewayMessage>('gateway');
  await system.start(
    supervisor('vigil', 'a test', [
      worker(system.ref<Told>('all'), everything),
      worker(gateway as never, gatewayBehaviour({ venue: venue.gateway, mode: 'paper', redeemer: { redeem: () => ({ ok: true, under: 'mandate-1' as never }) }, executorOf: () => all, subscribers: [all], owners: { tradingState: all, watchdog: all, findings: all, locks: all }, rest, clockSkewMaxMs: 1_000, onClockOffset: (ms) => (offsetMs = ms), refuse: (error) => expect.fail(error.message) })),
    ]),
    (error) => {
      throw error;
    },
  );
  const last = (type: string) => told.findLast((one) => one.type === type);
  return {
    told,
    session: () => last('session')?.['view'] as VenueSessionView | undefined,
    alerts: () => (last('standing')?.['alerts'] as readonly { readonly name: string }[] | undefined)?.map((one) => one.name) ?? [],
    findings: () => told.filter((one) => one.type === 'finding').map((one) => (one['finding'] as { code: string }).code),
    offsetMs: () => offsetMs,
    view: () => (system.inspect('gateway') as unknown as { readonly state: { readonly weight: { readonly used: number }; readonly usage: { readonly weight1m?: number } } }).state,
    stop: () => system.stop('the test is over'),
    async write(write: VenueWrite): Promise<WriteOutcome> {
      const before = told.length;
      system.tell(gateway, { type: 'write', write, authority: write.kind === 'OPEN' ? ({ by: 'permit', permit: {} } as unknown as Authority) : { by: 'mandate', mandateId: 'mandate-1' as never }, because: 'a test' });
      return eventually(`an outcome of ${write.clientId}`, () => told.slice(before).find((one) => one.type === 'write-outcome' && (one['write'] as VenueWrite).clientId === write.clientId)?.['outcome'] as WriteOutcome | undefined);
    },
    async price() {
      const answer = await system.ask(gateway, { type: 'read', name: 'tickers', query: {} }, 8_000, 'test');
      if (!answer.ok) throw new Error(answer.message);
      return answer.value.find((one) => one.symbol === SYMBOL)!.lastPrice;
    },
    account: () => system.ask(gateway, { type: 'read', name: 'account', query: {} }, 8_000, 'test'),
    stopOrder: (clientId: ClientId) => system.ask(gateway, { type: 'read', name: 'algoOrder', query: { symbol: SYMBOL, clientId } }, 8_000, 'test'),
  };
}

describe('the gateway on the paper exchange', () => {
  let paper: PaperExchange;
  let directory: string;
  let desk: Awaited<ReturnType<typeof gatewayOn>>;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'vigil-gateway-'));
    paper = await startPaperExchange({ host: '127.0.0.1', port: 0, seed: DEFAULT_SEED, balance: '10000', log: () => undefined });
    desk = await gatewayOn(paper, directory);
    await eventually('the account to be confirmed', () => desk.session()?.modesConfirmed === true);
  });
  after(async () => {
    await desk.stop();
    await paper.close();
    rmSync(directory, { recursive: true });
  });

  async function control(path: string, body: object): Promise<void> {
    const response = await fetch(`${paper.url}/paper/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect(response.ok, await response.text()).to.equal(true);
  }
  const fault = (spec: object) => control('faults', { times: 1, ...spec });
  const truth = async () => {
    const { accounts } = (await (await fetch(`${paper.url}/paper/v1/truth`)).json()) as { readonly accounts: readonly { readonly positions: readonly unknown[]; readonly orders: readonly { readonly clientOrderId: string }[] }[] };
    return accounts[0]!;
  };
  const close = (name: string): VenueWrite => ({ kind: 'CLOSE', symbol: SYMBOL, clientId: id(name), side: 'SELL', quantity });
  const stop = async (name: string): Promise<VenueWrite> => ({ kind: 'PROTECT', symbol: SYMBOL, clientId: id(name), side: 'SELL', leg: 'stop', quantity, triggerPrice: floorTo((await desk.price()).multipliedBy('0.9'), decimal('0.1')) });

  it('knows by the headers what the venue has counted', async () => {
    await desk.price();
    const { weight, usage } = desk.view();
    expect(usage.weight1m).to.be.greaterThan(40);
    expect(weight.used).to.be.at.least(usage.weight1m!);
  });

  it('closes once, although the venue\'s clock has jumped: refused by its time, measured, and sent again under the same id (failure 58)', async () => {
    const price = await desk.price();
    expect(await desk.write({ kind: 'OPEN', symbol: SYMBOL, clientId: id('e1'), side: 'BUY', quantity, price: floorTo(price.multipliedBy('1.02'), decimal('0.1')) })).to.include({ result: 'accepted' });
    await control('clock', { offsetMs: -60_000 });
    expect(await desk.write(close('c1'))).to.include({ result: 'accepted' });
    expect(desk.offsetMs()).to.be.within(-61_000, -59_000);
    const { positions, orders } = await truth();
    expect(positions).to.deep.equal([]);
    expect(orders.filter((order) => order.clientOrderId === id('c1'))).to.have.length(1);
    await eventually('the alert', () => desk.alerts().includes('clock-skew'));
    await control('clock', { offsetMs: 0 });
    expect(await desk.account(), 'a read as well').to.have.property('ok', true);
    expect(desk.offsetMs()).to.be.within(-1_000, 1_000);
  });

  it('calls a stop whose id is there already unknown, and finds that it stands (−4116)', async () => {
    const price = await desk.price();
    expect(await desk.write({ kind: 'OPEN', symbol: SYMBOL, clientId: id('e2'), side: 'BUY', quantity, price: floorTo(price.multipliedBy('1.02'), decimal('0.1')) })).to.include({ result: 'accepted' });
    const write = await stop('s2');
    expect(await desk.write(write)).to.include({ result: 'accepted' });
    expect(await desk.write(write)).to.include({ result: 'unknown' });
    expect(await desk.stopOrder(id('s2'))).to.have.nested.property('value.status', 'NEW');
  });

  it('does not know what a code means that nobody knows, and says so', async () => {
    await fault({ match: { method: 'POST', path: '/fapi/v1/algoOrder' }, action: 'error', status: 400, code: -9_999, message: 'Something new.', processed: true });
    expect(await desk.write(await stop('s3'))).to.include({ result: 'unknown', venueCode: -9_999 });
    expect(desk.findings()).to.deep.equal(['VENUE_CODE_UNKNOWN']);
    expect(await desk.stopOrder(id('s3')), 'it stands').to.have.nested.property('value.status', 'NEW');
  });

  it('sends stops and closes through a 429, and holds the rest back until Retry-After is over', async () => {
    await fault({ match: { path: '/fapi/v3/account' }, action: 'rate-limit', status: 429 });
    expect(await desk.account()).to.include({ ok: false, kind: 'throttled' });
    // The answer may overtake what is told to others.
    const { until } = await eventually('the rest to be told', () => desk.session()?.throttle);
    expect(until - systemClock.now()).to.be.within(3_000, 5_000);
    expect(await desk.write(close('c2'))).to.include({ result: 'accepted' });
    expect(await desk.account(), 'it waits in vain').to.include({ ok: false, kind: 'throttled' });
    await eventually('the rest to be over', async () => (await desk.account()).ok, 8_000);
    expect(systemClock.now()).to.be.at.least(until);
  });

  it('halts trading when the key is refused, does not hammer the venue with it, and goes on when it is taken again', async () => {
    await fault({ match: { path: '/fapi/v3/account' }, action: 'error', status: 401, code: -2_015, message: 'Invalid API-key, IP, or permissions for action.' });
    expect(await desk.account()).to.include({ ok: false, kind: 'authentication' });
    expect(await eventually('what is told of it', () => desk.told.findLast((one) => one.type === 'set'))).to.include({ state: 'HALTED', by: 'gateway' });
    expect(await desk.account(), 'not asked').to.include({ ok: false, kind: 'authentication' });
    await eventually('the key to be taken', async () => (await desk.account()).ok);
  });

  it('banned, asks nothing; started again, it asks nothing either until the ban is over (failure 57)', async () => {
    await fault({ match: { path: '/fapi/v3/account' }, action: 'rate-limit', status: 418 });
    expect(await desk.account()).to.include({ ok: false, kind: 'throttled' });
    await eventually('the alert', () => desk.alerts().includes('venue-banned'));
    expect(existsSync(join(directory, 'venue-rest'))).to.equal(true);
    await desk.stop();
    await fault({ match: {}, action: 'error', status: 400, code: -1, message: 'somebody asked', times: 1_000 });
    desk = await gatewayOn(paper, directory);
    expect(await desk.account()).to.include({ ok: false, kind: 'throttled' });
    expect(await desk.write(close('c3'))).to.include({ result: 'throttled', banned: true });
    await eventually('the alert', () => desk.alerts().includes('venue-banned'));
    const faults = (await (await fetch(`${paper.url}/paper/v1/faults`)).json()) as { readonly faults: readonly { readonly used: number; readonly message?: string }[] };
    expect(faults.faults.find((one) => one.message === 'somebody asked')?.used).to.equal(0);
  });
});
