/**
 * What the way of a signal costs: from an intent handed in to its order on the wire, with bridge, governor and a durable journal in
 * between, as a ratio to the least that could be done (one durable append, then the bare SDK's call) in the same run; and how long a
 * start takes that finds positions. Real processes: service, paper exchange, and between them a relay that sees each byte first.
 * Only the ratios mean anything. Run: `node bench/execution.ts`.
 */
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { USDMClient } from 'binance';
import { messageOf } from '../src/protocol/errors.ts';
import { openSqliteJournal } from '../src/persistence/sqlite/journal.ts';
import { systemClock } from '../src/supervision/clock.ts';
import { eventually, moment, Paper, Sandbox } from '../test/kit/service.ts';
import type { Json, Service } from '../test/kit/service.ts';

const ORDERS = 60;
/** Compiled, connected, and not counted. */
const WARM = 10;
const POSITIONS = 20;
const RESTARTS = 3;
/** Between two signals: the venue and the journal are done with the one before. */
const PAUSE_MS = 200;
/** Of 1,800 that openings may use: well before they would be held back. */
const WEIGHT_ROOM = 1_500;
const WIRE_WITHIN_MS = 10_000;
const UP_WITHIN_MS = 120_000;

const SETTINGS = ['universe.policy=null', 'generator.strategies=[trend-24h]', 'generator.shadows=[]', 'generator.minConfidence=1', 'generator.cycleMs=600000', 'risk.maxPositions=1000', 'risk.notionalTotal=1000000', 'risk.opensPerHour=10000', 'risk.opensPer5Min=10000', 'risk.killScoreMax=1', 'risk.volatilityMaxPercent=99', 'risk.spreadMaxBps=1000', 'risk.edgeToCost=0', 'risk.fundingAdversePercent=100', 'exits.killScore=1'];

/** Tells when the first bytes of an order of a symbol have left for the venue. */
class Wire {
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(paper: Paper): Promise<Wire> {
    const { hostname, port } = new URL(paper.url);
    const server = createServer((client) => {
      const venue = connect(Number(port), hostname);
      for (const socket of [client, venue]) socket.setNoDelay(true).on('error', () => [client, venue].forEach((one) => one.destroy()));
      let order: { readonly at: number; text: string } | undefined;
      client.on('data', (part) => {
        const text = part.toString('latin1');
        // Its parameters may come after its head; what counts is when it began.
        if (text.startsWith('POST /fapi/v1/order')) order = { at: systemClock.monotonic(), text: '' };
        if (order === undefined) return;
        order.text += text;
        if (wire.#seen(order)) order = undefined;
      });
      client.pipe(venue).pipe(client);
    });
    const wire = new Wire(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** When the order of this symbol passes, by the monotonic clock, ms. */
  order(symbol: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(symbol, resolve);
      setTimeout(() => reject(new Error(`no order of ${symbol} has passed within ${WIRE_WITHIN_MS} ms`)), WIRE_WITHIN_MS).unref();
    });
  }

  #seen({ at, text }: { readonly at: number; readonly text: string }): boolean {
    const symbol = /symbol=(?<name>[A-Z0-9]+)/.exec(text)?.groups?.['name'];
    if (symbol === undefined) return false;
    this.#waiting.get(symbol)?.(at);
    return true;
  }

  close(): void {
    this.#server.close();
  }
}

/** One signal in so many may come to nothing; more, and something else is measured than is said. */
const REFUSED_AT_MOST = 10;

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}

function listed(box: Sandbox, count: number): { readonly names: readonly string[]; readonly file: string } {
  const names = Array.from({ length: count }, (_, index) => `B${String(index).padStart(3, '0')}USDT`);
  const file = join(box.dir, `symbols-${count}.json`);
  writeFileSync(file, JSON.stringify(names.map((symbol) => ({ symbol, price: '10', tickSize: '0.001', stepSize: '0.1', dayTurnover: 2_000_000_000, volatility: 0.1, beta: 0.1 }))));
  return { names, file };
}

/**
 * The venue's limits are not what is measured: one opening a second or so is all that its request weight allows, and beyond it
 * Vigil holds entries back. So the next signal waits until the minute has room for it.
 */
async function room(service: Service): Promise<void> {
  await eventually('room in the venue\'s weight', async () => (await service.actor('gateway')).state.weight.used <= WEIGHT_ROOM, UP_WITHIN_MS);
}

async function signalled(service: Service, wire: Wire, symbol: string): Promise<number> {
  const passed = wire.order(symbol);
  const begun = systemClock.monotonic();
  const { status, json } = await service.post('/v1/intents', { source: 'manual', symbol, side: 'long', confidence: 1 });
  if (status !== 202) throw new Error(`${symbol} was refused: ${JSON.stringify(json)}`);
  try {
    return (await passed) - begun;
  } catch (cause) {
    const { gates } = await service.get(`/v1/explain/${symbol}`);
    const refusals = (gates as readonly Json[]).map(({ stage, lastPassed, lastRefusal }) => `${stage}: ${lastRefusal === null ? `passed ${lastPassed?.count ?? 0}` : JSON.stringify(lastRefusal.denials)}`);
    throw new Error(`${symbol} was not opened: ${refusals.join('; ')}`, { cause });
  }
}

async function signalToWire(box: Sandbox): Promise<void> {
  const { names, file } = listed(box, ORDERS + WARM);
  const paper = await box.paper(['--symbols', file, '--no-limits', '--balance', '1000000']);
  const wire = await Wire.before(paper);
  const service = box.service({ paper: new Paper(wire.url), sets: [`universe.symbols=[${names.join(', ')}]`, ...SETTINGS] });
  await service.answers(UP_WITHIN_MS);
  await service.well(UP_WITHIN_MS);
  // The gate opens with those that are complete; here all of them will be opened.
  await eventually('every symbol is complete', async () => (await service.actor('readiness')).state.behind.length === 0, UP_WITHIN_MS);
  const sdk = new USDMClient({ api_key: 'paper', api_secret: 'paper', baseUrl: wire.url }, {});
  const journal = await openSqliteJournal({ file: join(box.dir, 'floor.db'), now: () => systemClock.now() });
  const took: number[] = [];
  const floor: number[] = [];
  const refused: string[] = [];
  for (const [index, symbol] of names.entries()) {
    // One after the other, so that a slow moment of the machine hits both alike.
    await room(service);
    try {
      took.push(await signalled(service, wire, symbol));
    } catch (error) {
      // A position that closes by itself holds openings back for a moment: that is no time of an opening.
      refused.push(messageOf(error));
      if (refused.length * REFUSED_AT_MOST > names.length) throw error;
      continue;
    }
    await moment(PAUSE_MS);
    const passed = wire.order('BAREUSDT');
    const begun = systemClock.monotonic();
    await journal.append([{ entity: 'floor', sequence: index + 1, type: 'OrderSending', version: 1, at: systemClock.now(), payload: { symbol, side: 'BUY', quantity: '20' } }]);
    // The venue refuses what it does not list; what is measured is over by then.
    void sdk.submitNewOrder({ symbol: 'BAREUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'IOC', quantity: 20, price: 10 }).catch(() => undefined);
    floor.push((await passed) - begun);
    await moment(PAUSE_MS);
  }
  for (const one of refused) console.log(`not counted: ${one}`);
  const [counted, least] = [took.slice(WARM), floor.slice(WARM)];
  for (const [name, share] of [['p50', 0.5], ['p99', 0.99]] as const) {
    const [own, bare] = [quantile(counted, share), quantile(least, share)];
    console.log(`signal to order on the wire, ${name}  ${own.toFixed(1).padStart(7)} ms   ${(own / bare).toFixed(1).padStart(5)} of one durable append and the bare SDK call (${bare.toFixed(1)} ms)`);
  }
  await service.stop('SIGTERM', UP_WITHIN_MS);
  await journal.close();
  wire.close();
}

/** From the start of the process, ms. */
async function comesUp(service: Service, positions: number): Promise<{ readonly answers: number; readonly protectedAll: number }> {
  const begun = systemClock.monotonic();
  await service.answers(UP_WITHIN_MS);
  const answers = systemClock.monotonic() - begun;
  await service.protectedOnes(positions, UP_WITHIN_MS);
  await service.well(UP_WITHIN_MS);
  return { answers, protectedAll: systemClock.monotonic() - begun };
}

async function recovery(box: Sandbox): Promise<void> {
  const { names, file } = listed(box, POSITIONS);
  const paper = await box.paper(['--symbols', file, '--no-limits', '--balance', '1000000']);
  const sets = [`universe.symbols=[${names.join(', ')}]`, ...SETTINGS];
  const empty: number[] = [];
  const dataDir = box.newDir();
  let service = box.service({ paper, dataDir, sets });
  for (let round = 0; round < RESTARTS; round++) {
    empty.push((await comesUp(service, 0)).protectedAll);
    await service.process.die();
    service = box.service({ paper, dataDir, sets });
  }
  await comesUp(service, 0);
  for (const symbol of names) {
    await eventually('the intent is taken', async () => (await service.post('/v1/intents', { source: 'manual', symbol, side: 'long', confidence: 1 })).status === 202);
    await moment(PAUSE_MS);
  }
  await service.protectedOnes(POSITIONS, UP_WITHIN_MS);
  const full: { readonly answers: number; readonly protectedAll: number }[] = [];
  for (let round = 0; round < RESTARTS; round++) {
    await service.process.die();
    service = box.service({ paper, dataDir, sets });
    full.push(await comesUp(service, POSITIONS));
  }
  const [none, some] = [quantile(empty, 0.5), quantile(full.map((one) => one.protectedAll), 0.5)];
  console.log(`start after kill -9, ${POSITIONS} positions  ${some.toFixed(0).padStart(6)} ms   ${(some / none).toFixed(2).padStart(5)} of one without any (${none.toFixed(0)} ms); it answers after ${quantile(full.map((one) => one.answers), 0.5).toFixed(0)} ms`);
  await service.stop('SIGTERM', UP_WITHIN_MS);
}

const box = new Sandbox();
try {
  await signalToWire(box);
  await recovery(box);
} finally {
  await box.close();
}
