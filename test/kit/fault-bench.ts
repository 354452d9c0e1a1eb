/** One paper exchange and one service, real processes both, and a symbol for each case of a fault matrix: the cases run side by side and are judged by the venue's own word. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BigNumber } from 'bignumber.js';
import type { Act, Fault, FaultCase } from './fault-case.ts';
import { readJournalFile } from './journal-file.ts';
import { eventually, moment } from './service.ts';
import type { Json, Paper, PositionRow, Sandbox, Service, Truth } from './service.ts';
import { amountOf, executedEntries, nakedTimes, unrest } from './venue-check.ts';

/** Entries share the venue's rate limits with stops and targets: one at a time, so that none waits for a slot. */
const ENTRY_EVERY_MS = 150;
/** The venue is looked at once for all cases. */
const LOOK_EVERY_MS = 400;
/** A resting state must last: what is late comes within it. */
const REST_MS = 1_200;
/** Long enough for everything a deadline, the five questions and a naked close can take one after another. */
const END_WITHIN_MS = 90_000;
/** Ruling 10, and what it takes to send a close. */
const NAKED_MS = 10_000;
const NAKED_SLACK_MS = 2_500;
/** An intent that has led to nothing by then was refused. */
const SENT_WITHIN_MS = 4_000;
const UP_WITHIN_MS = 120_000;
const PRICE = '10';
const TICK = 0.001;

/** What the case stops, part and target come from: stop 2 % away, target 4 %, a part at 2.1 %, profit locked at 3 %. */
const SETTINGS = [
  'universe.policy=null',
  'generator.strategies=[trend-24h]',
  'generator.shadows=[]',
  'generator.minConfidence=1',
  'generator.cycleMs=600000',
  'exits.evaluateMs=500',
  'exits.killScore=1',
  'exits.tiers=["1:25"]',
  'exits.emergencyR=1000',
  'risk.maxPositions=1000',
  'risk.notionalTotal=1000000',
  'risk.opensPerHour=10000',
  'risk.opensPer5Min=10000',
  'risk.killScoreMax=1',
  'risk.volatilityMaxPercent=99',
  'risk.spreadMaxBps=1000',
  'risk.edgeToCost=0',
  'risk.dailyLossPercent=99',
  'risk.sessionDrawdownPercent=99',
  'risk.totalDrawdownPercent=99',
  'risk.flattenDrawdownPercent=99',
  'risk.fundingAdversePercent=100',
  'protections.errorBreaker.errors=1000',
  'protections.lossStreak.losses=1000',
  'protections.stopGuard.stops=1000',
  'protections.lowProfit.trades=1000',
  'protections.drawdown.trades=1000',
];

const ACT_PRICES = { tier: 1.023, lock: 1.033, stop: 0.97, target: 1.05 } as const;

interface Look {
  readonly at: number;
  readonly truth: Truth;
  readonly rows: readonly PositionRow[];
  readonly struck: ReadonlyMap<string, number>;
}

class FaultBench {
  readonly paper: Paper;
  readonly service: Service;
  readonly #cases: ReadonlyMap<string, FaultCase>;
  #look: Look | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;
  #entry: Promise<unknown> = Promise.resolve();
  readonly #openings: Promise<void>[] = [];
  /** Faults that have stood since the start, by the symbol they are for. */
  readonly #early = new Map<string, readonly string[]>();
  /** Faults by id that were armed with a number of times: gone means spent. */
  readonly #armed = new Set<string>();

  private constructor(paper: Paper, service: Service, cases: ReadonlyMap<string, FaultCase>) {
    this.paper = paper;
    this.service = service;
    this.#cases = cases;
  }

  static async start(box: Sandbox, cases: readonly FaultCase[], sets: readonly string[] = []): Promise<FaultBench> {
    const named = new Map(cases.map((one, index) => [`F${String(index + 1).padStart(3, '0')}USDT`, one]));
    const symbols = join(box.dir, `symbols-${cases.length}-${Math.abs(hash(cases.map((one) => one.at + one.fault).join()))}.json`);
    writeFileSync(symbols, JSON.stringify([...named.keys()].map((symbol) => ({ symbol, price: PRICE, tickSize: String(TICK), stepSize: '0.1', dayTurnover: 2_000_000_000, volatility: 0.1, beta: 0.1 }))));
    const paper = await box.paper(['--symbols', symbols, '--no-limits']);
    // A process takes longer to come up than these take to be armed.
    const service = box.service({ paper, sets: [`universe.symbols=[${[...named.keys()].join(', ')}]`, ...SETTINGS, ...sets] });
    const bench = new FaultBench(paper, service, named);
    for (const [symbol, one] of named) if (one.atStart === true) bench.#early.set(symbol, await bench.arm(symbol, one.armed));
    await service.answers(UP_WITHIN_MS);
    await service.well(UP_WITHIN_MS);
    bench.#looking = bench.#watch();
    return bench;
  }

  /** The cases with the symbol each has. */
  get cases(): readonly (readonly [string, FaultCase])[] {
    return [...this.#cases];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      const [truth, rows, faults] = await Promise.all([this.paper.truth(), this.service.positions(), this.paper.control('GET', 'faults')]).catch(() => []);
      if (truth !== undefined && rows !== undefined) this.#look = { at: performance.now(), truth, rows, struck: new Map((faults.faults as readonly Json[]).map((one) => [one.id as string, one.used as number])) };
      await moment(LOOK_EVERY_MS);
    }
  }

  /** Runs one case to its end. @throws with everything that is not as it must be. */
  async run(symbol: string, one: FaultCase): Promise<void> {
    if (one.alone === true) await this.#unlocked();
    for (const { control, body } of one.before ?? []) await this.paper.control('POST', control, body);
    const meets = one.act === undefined;
    const early = meets ? (this.#early.get(symbol) ?? (await this.arm(symbol, one.armed))) : [];
    const opened = this.open(symbol);
    this.#openings.push(opened);
    await opened;
    const armed = meets ? early : await this.#acted(symbol, one);
    if (one.healAfterMs !== undefined) {
      await moment(one.healAfterMs);
      for (const id of armed) if (this.#look?.struck.get(id) === 0) throw new Error('the fault met nothing while it stood');
      for (const id of armed) await this.paper.control('DELETE', `faults/${id}`).catch(() => undefined);
    }
    if (one.quietMs !== undefined) await moment(one.quietMs);
    await this.#ended(symbol, one, armed);
  }

  /** What the case before has brought upon everybody is over. */
  async #unlocked(): Promise<void> {
    for (const { lockId } of (await this.service.get('/v1/locks')) as readonly Json[]) await this.service.delete(`/v1/locks/${encodeURIComponent(lockId as string)}`);
  }

  async #acted(symbol: string, one: FaultCase): Promise<readonly string[]> {
    await this.#held(symbol);
    const row = this.#look!.rows.find((held) => held.symbol === symbol)!;
    // A flatten voids the permits to open that are on their way, of whichever symbol.
    await Promise.allSettled(this.#openings);
    const armed = await this.arm(symbol, one.armed, { '{stop}': row.stopOrderId!, '{target}': row.takeProfitOrderId! });
    for (const { control, body } of one.beforeAct ?? []) await this.paper.control('POST', control, body);
    await this.act(symbol, one.act!);
    return armed;
  }

  /** An intent from outside, through all gates; handed in again while it is refused for want of a price, of a stream or of room. */
  async open(symbol: string): Promise<void> {
    const turn = this.#entry.then(() => moment(ENTRY_EVERY_MS));
    this.#entry = turn;
    await turn;
    const until = performance.now() + END_WITHIN_MS;
    do {
      const { status, json } = await this.service.post('/v1/intents', { source: 'manual', symbol, side: 'long', confidence: 1 });
      if (status !== 202) throw new Error(`the intent for ${symbol} was answered ${status}: ${JSON.stringify(json)}`);
      const sent = () => readJournalFile(this.service.dataDir, `symbol/${symbol}`).some((entry) => entry.type === 'OrderSending');
      if (await eventually('the entry is being sent', sent, SENT_WITHIN_MS).catch(() => false)) return;
    } while (performance.now() < until);
  }

  async arm(symbol: string, faults: readonly Fault[], ids: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const known: Readonly<Record<string, string>> = { ...ids, '{symbol}': symbol };
    const armed: string[] = [];
    for (const fault of faults) {
      const params = fault.match.params === undefined ? {} : { params: Object.fromEntries(Object.entries(fault.match.params).map(([name, value]) => [name, known[value] ?? value])) };
      const { id } = await this.paper.control('POST', 'faults', { ...fault, match: { ...fault.match, ...params } });
      if (fault.times !== undefined) this.#armed.add(id as string);
      armed.push(id as string);
    }
    return armed;
  }

  async act(symbol: string, act: Act): Promise<void> {
    if (act === 'close') {
      const { status, json } = await this.service.post('/v1/flatten', { symbol, reason: 'a test', waitMs: 0 });
      if (status !== 200) throw new Error(`flatten was answered ${status}: ${JSON.stringify(json)}`);
    } else if (typeof act === 'string') {
      const entry = this.#look!.rows.find((row) => row.symbol === symbol)!.entryPrice!;
      await this.paper.price(symbol, (Math.round((Number(entry) * ACT_PRICES[act]) / TICK) * TICK).toFixed(3));
    } else await this.paper.control('POST', act.control.replace('{symbol}', encodeURIComponent(symbol)), JSON.parse(JSON.stringify(act.body).replaceAll('{symbol}', symbol)));
  }

  #held(symbol: string): Promise<unknown> {
    return eventually(`${symbol} is protected`, () => this.#look?.rows.some((row) => row.symbol === symbol && row.state === 'Protected' && row.takeProfitOrderId !== null && row.stopOrderId !== null), END_WITHIN_MS);
  }

  async #ended(symbol: string, one: FaultCase, armed: readonly string[]): Promise<void> {
    let since: { readonly state: string; readonly at: number } | undefined;
    let judged: Look | undefined;
    let last = new Error('nothing was judged yet');
    await eventually(`${symbol} is at rest: ${JSON.stringify(one.end)}`, async () => {
      const look = this.#look;
      if (look === undefined) throw new Error('nothing was seen yet');
      // Dozens of cases wait side by side: each look is judged once.
      if (look === judged) throw last;
      judged = look;
      const open = armed.filter((id) => this.#armed.has(id) && look.struck.has(id));
      const wrong = open.length > 0 ? [`faults that have not struck: ${open.join(', ')}`] : await this.#wrong(symbol, one, look);
      if (wrong.length > 0) {
        since = undefined;
        last = new Error(wrong.join('; '));
        throw last;
      }
      const state = `${amountOf(look.truth, symbol).toFixed()} ${look.truth.openAlgoOrders.filter((algo) => algo.symbol === symbol).map((algo) => algo.clientAlgoId).join()}`;
      if (since?.state !== state) since = { state, at: look.at };
      last = new Error('it has not lasted yet');
      return look.at - since.at >= REST_MS;
    }, END_WITHIN_MS);
    const lasting = this.#lasting(symbol, one);
    if (lasting.length > 0) throw new Error(lasting.join('; '));
  }

  /** What is not as it must be, and may still become so. */
  async #wrong(symbol: string, { end }: FaultCase, { truth, rows }: Look): Promise<readonly string[]> {
    const found = [...unrest(truth, symbol)];
    const amount = amountOf(truth, symbol);
    const row = rows.find((one) => one.symbol === symbol);
    const executed = executedEntries(truth, symbol).length;
    const opened = typeof end === 'string' ? 1 : 0;
    if (executed !== opened) found.push(`${executed} entries executed instead of ${opened}`);
    if (end === 'held' ? amount.isZero() : !amount.isZero()) found.push(`the venue holds ${amount.toFixed()}`);
    // The service and its journal are asked last: it costs them something.
    if (found.length > 0) return found;
    if (end === 'held') {
      if (row === undefined || row.state !== 'Protected' || !signed(row).isEqualTo(amount)) found.push(`the venue holds ${amount.toFixed()}, the service says ${row === undefined ? await this.phase(symbol) : `${row.state} ${row.side} ${row.quantity}`}`);
    } else if (row !== undefined) found.push(`nothing is held, the service says ${row.state} ${row.side} ${row.quantity}`);
    else {
      const phase = await this.phase(symbol);
      if (phase !== 'Flat') found.push(`nothing is held, the service says ${phase}`);
    }
    if (typeof end === 'object') {
      const code = readJournalFile(this.service.dataDir, `symbol/${symbol}`).findLast((entry) => entry.type === 'PlanEnded')?.payload.code as string | undefined;
      if (code !== end.none) found.push(`the plan has ended with ${code ?? 'nothing'} instead of ${end.none}`);
    }
    return found;
  }

  /** What stays wrong once it has been: two entries, a naked time beyond the bound, fills that are not on record, or twice. */
  #lasting(symbol: string, one: FaultCase): readonly string[] {
    const { truth } = this.#look!;
    const found: string[] = [];
    for (const { forMs } of nakedTimes(truth, symbol, Date.now())) if (forMs > (one.nakedMs ?? NAKED_MS) + NAKED_SLACK_MS) found.push(`naked for ${forMs} ms`);
    const journal = readJournalFile(this.service.dataDir, `symbol/${symbol}`);
    const recorded = journal.filter((entry) => entry.type === 'FillRecorded').map((entry) => String(entry.payload.tradeId));
    const traded = truth.trades.filter((trade) => trade.symbol === symbol).map((trade) => String(trade.id));
    if (new Set(recorded).size !== recorded.length) found.push('a fill is on record twice');
    if (recorded.toSorted().join() !== traded.toSorted().join()) found.push(`fills on record: ${recorded.join()}; trades at the venue: ${traded.join()}`);
    const sent = journal.filter((entry) => entry.type === 'OrderSending' && entry.payload.purpose === 'entry');
    if (sent.length > 1) found.push(`the entry was announced ${sent.length} times`);
    return found;
  }

  async phase(symbol: string): Promise<string> {
    const { state } = await this.service.actor(`executor/${symbol}`);
    return state?.life?.phase ?? 'unknown';
  }

  /** For a failure: what the journal says of the symbol, and why it was not opened. */
  async story(symbol: string): Promise<string> {
    const life = readJournalFile(this.service.dataDir, `symbol/${symbol}`);
    const lines = life.map(({ type, at, payload }) => `  +${at - life[0]!.at} ${type} ${JSON.stringify(payload).slice(0, 180)}`);
    const { gates = [] } = await this.service.get(`/v1/explain/${symbol}`);
    const refused = (gates as readonly Json[]).flatMap(({ stage, lastRefusal }) => (lastRefusal === null ? [] : [`  ${stage}: ${(lastRefusal.denials as readonly Json[]).map((one) => `${one.code} (${one.value ?? ''} against ${one.limit ?? ''}) ${one.detail ?? ''}`).join(', ')}`]));
    return [...lines, ...(life.length > 0 ? [] : refused)].join('\n');
  }
}

function signed({ side, quantity }: PositionRow): BigNumber {
  return side === 'LONG' ? new BigNumber(quantity) : new BigNumber(quantity).negated();
}

function hash(text: string): number {
  return Buffer.from(text).reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7);
}

/** A `describe` in which every case is a test; all of them run at once but for those that go alone, the tests only wait for theirs. */
export function describeMatrix(title: string, box: () => Sandbox, cases: readonly FaultCase[], sets: readonly string[] = []): void {
  describe(title, function () {
    this.timeout(300_000);
    let bench: FaultBench;
    const running = new Map<FaultCase, Promise<string | undefined>>();

    before(async () => {
      bench = await FaultBench.start(box(), cases, sets);
      const ended = (symbol: string, one: FaultCase) => bench.run(symbol, one).then(() => undefined, async (error: unknown) => `${symbol}: ${error instanceof Error ? error.message : String(error)}\n${await bench.story(symbol)}`);
      for (const [symbol, one] of bench.cases) if (one.alone !== true) running.set(one, ended(symbol, one));
      let last: Promise<unknown> = Promise.all(running.values());
      for (const [symbol, one] of bench.cases) {
        if (one.alone !== true) continue;
        const next = last.then(() => ended(symbol, one));
        running.set(one, next);
        last = next;
      }
    });
    after(() => bench?.close());

    for (const one of cases) {
      it(`failure ${one.failure}: ${one.at} × ${one.fault} → ${typeof one.end === 'string' ? one.end : `none, ${one.end.none}`}`, async () => {
        const failed = await running.get(one);
        if (failed !== undefined) throw new Error(failed);
      });
    }
  });
}
