/** One paper exchange and one service, real processes both, and a symbol for each case of a fault matrix: the cases run side by side and are judged by the venue's own word. */
import { writeFileSync } from 'node:fs';
import { benchJournal } from './bench-journal.ts';
import type { BenchJournal, Engine } from './bench-journal.ts';
import { endInWords } from './fault-case.ts';
import type { Act, Control, Fault, FaultCase } from './fault-case.ts';
import { lasting, NAKED_SLACK_MS, story, unlike } from './fault-judge.ts';
import type { Witness } from './fault-judge.ts';
import type { Entry } from './journal-file.ts';
import { OPEN_WIDE } from './open-wide.ts';
import { eventually, moment } from './service.ts';
import type { Json, Paper, PositionRow, Sandbox, Service, Truth } from './service.ts';
import { amountOf, executedEntries } from './venue-check.ts';

/** Entries share the venue's rate limits with stops and targets: one at a time, so that none waits for a slot. */
const ENTRY_EVERY_MS = 150;
/** The venue is looked at once for all cases. */
const LOOK_EVERY_MS = 400;
/** A resting state must last: what is late comes within it. */
const REST_MS = 1_200;
/** Long enough for everything a deadline, the five questions and a naked close can take one after another. */
const END_WITHIN_MS = 90_000;
/** An intent that has led to nothing by then was refused. */
const SENT_WITHIN_MS = 4_000;
const UP_WITHIN_MS = 120_000;
/** What stands longer than this without an alert is not loud. */
const ALERT_WITHIN_MS = 6_000;
/** Our clock and the venue's are one again. */
const CLOCKS_AGREE_MS = 400;
/** What is on its way when a ban comes has arrived by then; and so long before its end it is asked whether anything came. */
const BAN_MARGIN_MS = 500;
const PRICE = '10';
const TICK = 0.001;
/** Nobody's case: what would be opened meanwhile. From another source each time, for the same one says the same for five minutes (ruling 19). */
const SPARE = 'SPAREUSDT';
const SPARE_SOURCES = Array.from({ length: 40 }, (_, index) => `spare-${index}`);

/** What the case stops, part and target come from: stop 2 % away, target 4 %, a part at 2.1 %, profit locked at 3 %. */
const SETTINGS = [
  ...OPEN_WIDE,
  `intents.sources=[manual, ${SPARE_SOURCES.join(', ')}]`,
  'universe.minOverlap=0',
  'generator.strategies=[trend-24h]',
  'generator.minConfidence=1',
  'generator.cycleMs=600000',
  'exits.evaluateMs=500',
  'exits.tiers=["1:25"]',
  'exits.emergencyR=1000',
  'risk.maxPositions=1000',
  'risk.notionalTotal=1000000',
  'protections.errorBreaker.errors=1000',
  'protections.lossStreak.losses=1000',
  'protections.stopGuard.stops=1000',
  'protections.lowProfit.trades=1000',
  'protections.drawdown.trades=1000',
];

const ACT_PRICES = { tier: 1.023, lock: 1.033, stop: 0.97, target: 1.05 } as const;

/** On what the cases run. */
export interface BenchTerms {
  readonly engine: Engine;
  /** The venue's own limits of weight and orders are in force. */
  readonly limits: boolean;
  /** Further settings of the service. */
  readonly sets: readonly string[];
}

type Answered = { readonly intentId: string } | { readonly code: string };

interface Look {
  readonly at: number;
  readonly truth: Truth;
  readonly rows: readonly PositionRow[];
  readonly struck: ReadonlyMap<string, number>;
}

export class FaultBench {
  readonly paper: Paper;
  readonly service: Service;
  readonly #journal: BenchJournal;
  readonly #cases: ReadonlyMap<string, FaultCase>;
  #look: Look | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;
  #spares = 0;
  #entry: Promise<unknown> = Promise.resolve();
  readonly #openings: Promise<void>[] = [];
  /** Positions that something is done to later. */
  readonly #early: Promise<unknown>[] = [];
  /** Faults that have stood since the start, by the symbol they are for. */
  readonly #standing = new Map<string, readonly string[]>();
  /** Faults by id that were armed with a number of times: gone means spent. */
  readonly #armed = new Set<string>();
  /** What the last intent for a symbol was answered: its id, or the code it was refused with at the door. */
  readonly #intents = new Map<string, Answered>();
  /** Until when the venue has banned us for a symbol's case, monotonic ms. */
  readonly #bannedUntil = new Map<string, number>();

  private constructor(paper: Paper, service: Service, journal: BenchJournal, cases: ReadonlyMap<string, FaultCase>) {
    this.paper = paper;
    this.service = service;
    this.#journal = journal;
    this.#cases = cases;
  }

  static async start(box: Sandbox, cases: readonly FaultCase[], { engine, limits, sets }: BenchTerms): Promise<FaultBench> {
    const named = new Map(cases.map((one, index) => [`F${String(index + 1).padStart(3, '0')}USDT`, one]));
    const symbols = [...named.keys(), SPARE];
    const listed = `${box.newDir()}.json`;
    writeFileSync(listed, JSON.stringify(symbols.map((symbol) => ({ symbol, price: PRICE, tickSize: String(TICK), stepSize: '0.1', dayTurnover: 2_000_000_000, volatility: 0.1, beta: 0.1 }))));
    const journal = await benchJournal(engine);
    try {
      const paper = await box.paper(['--symbols', listed, ...(limits ? [] : ['--no-limits'])]);
      // A process takes longer to come up than these take to be armed.
      const service = box.service({ paper, sets: [`universe.symbols=[${symbols.join(', ')}]`, ...SETTINGS, ...journal.sets, ...sets] });
      const bench = new FaultBench(paper, service, journal, named);
      for (const [symbol, one] of named) if (one.atStart === true) bench.#standing.set(symbol, await bench.#arm(symbol, one.armed));
      await service.answers(UP_WITHIN_MS);
      await service.well(UP_WITHIN_MS);
      bench.#looking = bench.#watch();
      return bench;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** The cases with the symbol each has. */
  get cases(): readonly (readonly [string, FaultCase])[] {
    return [...this.#cases];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
    // The next bench wants the machine for itself.
    await Promise.all([this.service.process.die(), this.paper.process?.die()]);
    await this.#journal.close();
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      const [truth, rows, faults] = await Promise.all([this.paper.truth(), this.service.positions(), this.paper.control('GET', 'faults')]).catch(() => []);
      if (truth !== undefined && rows !== undefined) this.#look = { at: performance.now(), truth, rows, struck: struckOf(faults) };
      await moment(LOOK_EVERY_MS);
    }
  }

  /** Runs one case to its end, when its turn has come. @throws with everything that is not as it must be. */
  async run(symbol: string, one: FaultCase, turn: Promise<unknown>): Promise<void> {
    // A position that something is done to later may be opened beside the others.
    const early = one.act !== undefined && one.before === undefined ? this.#opened(symbol, one).then((ids) => this.#protected(symbol).then(() => ids)) : undefined;
    if (early !== undefined) this.#early.push(early);
    await turn;
    // What meets everybody begins when everybody stands; whose opening failed tells of it itself.
    if (one.alone === true) await Promise.allSettled(this.#early).then(() => this.#recovered());
    await this.#controls(symbol, one.before);
    const armed = await (early ?? this.#opened(symbol, one));
    const ids = one.act === undefined ? armed : await this.#acted(symbol, one, one.act);
    if (one.onStruck !== undefined || one.undo !== undefined || one.alerts !== undefined || one.closedTo !== undefined || this.#bannedUntil.has(symbol)) await this.#meanwhile(symbol, one, ids);
    if (one.healAfterMs !== undefined) {
      await moment(one.healAfterMs);
      for (const id of ids) if (this.#look?.struck.get(id) === 0) throw new Error('the fault met nothing while it stood');
      for (const id of ids) await this.paper.control('DELETE', `faults/${id}`).catch(() => undefined);
    }
    if (one.quietMs !== undefined) await moment(one.quietMs);
    await this.#ended(symbol, one, ids);
  }

  /** What the case before has brought upon everybody is over: its rest, its locks, clocks that differ. */
  async #recovered(): Promise<void> {
    await eventually('our clock and the venue\'s are one, and the venue wants no rest', async () => {
      const { state } = await this.service.actor('gateway');
      return Math.abs(state.clockOffsetMs as number) < CLOCKS_AGREE_MS && state.restUntil === null;
    }, END_WITHIN_MS);
    for (const { lockId } of (await this.service.get('/v1/locks')) as readonly Json[]) await this.service.delete(`/v1/locks/${encodeURIComponent(lockId as string)}`);
  }

  /** @returns the ids of the faults that meet the opening. */
  async #opened(symbol: string, one: FaultCase): Promise<readonly string[]> {
    const meets = one.act === undefined;
    const ids = meets ? (this.#standing.get(symbol) ?? (await this.#arm(symbol, one.armed))) : [];
    const opened = this.#open(symbol, one);
    this.#openings.push(opened);
    await opened;
    return ids;
  }

  /** Behind a stop and a target over all of it: an entry of several fills has its stop replaced, and what is done then is not to meet the first. */
  #protected(symbol: string): Promise<unknown> {
    return eventually(`${symbol} is protected`, () => {
      const { rows, truth } = this.#look ?? { rows: [], truth: undefined };
      const row = rows.find((one) => one.symbol === symbol && one.state === 'Protected');
      const algos = truth?.openAlgoOrders.filter((algo) => algo.symbol === symbol) ?? [];
      return row !== undefined && algos.length === 2 && algos.every((algo) => [row.stopOrderId, row.takeProfitOrderId].includes(algo.clientAlgoId) && algo.quantity === row.quantity);
    }, END_WITHIN_MS);
  }

  async #acted(symbol: string, one: FaultCase, act: Act): Promise<readonly string[]> {
    await this.#protected(symbol);
    const row = this.#look!.rows.find((held) => held.symbol === symbol)!;
    // A flatten voids the permits to open that are on their way, of whichever symbol.
    await Promise.allSettled(this.#openings);
    const armed = await this.#arm(symbol, one.armed, { '{stop}': row.stopOrderId!, '{target}': row.takeProfitOrderId! });
    await this.#controls(symbol, one.beforeAct);
    await this.#act(symbol, act);
    return armed;
  }

  /** What is done to the venue while the fault lasts, and what must stand and must not happen meanwhile. */
  async #meanwhile(symbol: string, one: FaultCase, ids: readonly string[]): Promise<void> {
    await eventually('the faults have struck', async () => {
      const struck = struckOf(await this.paper.control('GET', 'faults'));
      return ids.every((id) => struck.get(id) !== 0);
    }, END_WITHIN_MS);
    await this.#controls(symbol, one.onStruck);
    try {
      await Promise.all([this.#silence(symbol), this.#refusesOthers(one), ...(one.alerts ?? []).map((name) => this.#alert(name.replace('{symbol}', symbol), one))]);
      if (one.undo !== undefined) await moment(one.undo.afterMs);
    } finally {
      // Whatever was found wrong here, the next case begins with a venue that is right.
      await this.#controls(symbol, one.undo?.controls);
    }
  }

  /** Nothing reaches a venue that has banned us, whoever asks for it: going on lengthens the ban. */
  async #silence(symbol: string): Promise<void> {
    const until = this.#bannedUntil.get(symbol);
    if (until === undefined) return;
    await moment(BAN_MARGIN_MS);
    const { id } = await this.paper.control('POST', 'faults', { match: {}, action: 'delay', delayMs: 1 });
    await moment(Math.max(0, until - BAN_MARGIN_MS - performance.now()));
    const came = struckOf(await this.paper.control('GET', 'faults')).get(id as string);
    await this.paper.control('DELETE', `faults/${id as string}`);
    if (came !== 0) throw new Error(`${came} requests reached the venue during the ban`);
  }

  async #refusesOthers({ closedTo }: FaultCase): Promise<void> {
    if (closedTo === undefined) return;
    const since = (await this.#lifeOf(SPARE)).length;
    const answered = await this.#handIn(SPARE, closedTo, SPARE_SOURCES[this.#spares++]);
    await eventually(`an intent for ${SPARE} is refused: ${closedTo.join(', ')}`, async () => {
      const ended = (await this.#lifeOf(SPARE)).slice(since).findLast((entry) => entry.type === 'PlanEnded')?.payload.code as string | undefined;
      const codes = ended === undefined ? await this.#refusalsOf(SPARE, answered) : [ended];
      if (codes.some((code) => closedTo.includes(code))) return true;
      throw new Error(`it was refused with ${codes.join(', ') || 'nothing'}`);
    }, SENT_WITHIN_MS);
    if (executedEntries(await this.paper.truth(), SPARE).length > 0) throw new Error(`${SPARE} was opened`);
  }

  async #alert(name: string, one: FaultCase): Promise<void> {
    // A naked position is told of three seconds after its fill; what does not strike at once is told of later.
    await eventually(`the alert ${name} stands`, async () => ((await this.service.get('/v1/alerts')) as readonly Json[]).some((alert) => alert.name === name), ALERT_WITHIN_MS + (one.nakedMs ?? 0) + NAKED_SLACK_MS);
  }

  async #controls(symbol: string, controls: readonly Control[] = []): Promise<void> {
    for (const { control, body, thenMs } of controls) {
      await this.paper.control('POST', control.replace('{symbol}', encodeURIComponent(symbol)), JSON.parse(JSON.stringify(body).replaceAll('{symbol}', symbol)));
      if (thenMs !== undefined) await moment(thenMs);
    }
  }

  async #handIn(symbol: string, mayRefuse: readonly string[], source = 'manual'): Promise<Answered> {
    const { status, json } = await this.service.post('/v1/intents', { source, symbol, side: 'long', confidence: 1 });
    if (status === 202) return { intentId: json.intentId as string };
    const code = json.error?.code as string;
    if (mayRefuse.includes(code)) return { code };
    throw new Error(`the intent for ${symbol} was answered ${status}: ${JSON.stringify(json)}`);
  }

  /** An intent from outside, through all gates; handed in again while it is refused for want of a price, of a stream or of room. */
  async #open(symbol: string, { end }: FaultCase): Promise<void> {
    const turn = this.#entry.then(() => moment(ENTRY_EVERY_MS));
    this.#entry = turn;
    await turn;
    const mayRefuse = typeof end === 'object' && 'refused' in end ? end.refused : [];
    const until = performance.now() + END_WITHIN_MS;
    do {
      const answered = await this.#handIn(symbol, mayRefuse);
      this.#intents.set(symbol, answered);
      const sent = async () => (await this.#lifeOf(symbol)).some((entry) => entry.type === 'OrderSending');
      const refused = async () => mayRefuse.length > 0 && (await this.#refusalsOf(symbol, answered)).some((code) => mayRefuse.includes(code));
      if (await eventually('the entry is being sent', async () => (await sent()) || (await refused()), SENT_WITHIN_MS).catch(() => false)) return;
    } while (performance.now() < until);
  }

  async #arm(symbol: string, faults: readonly Fault[], ids: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const known: Readonly<Record<string, string>> = { ...ids, '{symbol}': symbol };
    const armed: string[] = [];
    for (const { banMs, ...fault } of faults) {
      const params = fault.match.params === undefined ? {} : { params: Object.fromEntries(Object.entries(fault.match.params).map(([name, value]) => [name, known[value] ?? value])) };
      const ban = banMs === undefined ? {} : { message: `Way too many requests; IP(127.0.0.1) banned until ${Date.now() + banMs}. Please use the websocket for live updates to avoid bans.` };
      const { id } = await this.paper.control('POST', 'faults', { ...fault, ...ban, match: { ...fault.match, ...params } });
      if (banMs !== undefined) this.#bannedUntil.set(symbol, performance.now() + banMs);
      if (fault.times !== undefined) this.#armed.add(id as string);
      armed.push(id as string);
    }
    return armed;
  }

  async #act(symbol: string, act: Act): Promise<void> {
    if (act === 'close') {
      const { status, json } = await this.service.post('/v1/flatten', { symbol, reason: 'a test', waitMs: 0 });
      if (status !== 200) throw new Error(`flatten was answered ${status}: ${JSON.stringify(json)}`);
    } else if (typeof act === 'string') {
      const entry = this.#look!.rows.find((row) => row.symbol === symbol)!.entryPrice!;
      await this.paper.price(symbol, (Math.round((Number(entry) * ACT_PRICES[act]) / TICK) * TICK).toFixed(3));
    } else await this.#controls(symbol, [act]);
  }

  async #ended(symbol: string, one: FaultCase, armed: readonly string[]): Promise<void> {
    let since: { readonly state: string; readonly at: number } | undefined;
    let judged: Look | undefined;
    let last = new Error('nothing was judged yet');
    await eventually(`${symbol} is at rest: ${endInWords(one.end)}`, async () => {
      const look = this.#look;
      if (look === undefined) throw new Error('nothing was seen yet');
      // Dozens of cases wait side by side: each look is judged once.
      if (look === judged) throw last;
      judged = look;
      const open = armed.filter((id) => this.#armed.has(id) && look.struck.has(id));
      const wrong = open.length > 0 ? [`faults that have not struck: ${open.join(', ')}`] : await unlike(symbol, one, look.truth, look.rows, this.#witness(symbol));
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
    const wrong = lasting(symbol, one, this.#look!.truth, await this.#lifeOf(symbol));
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  }

  #witness(symbol: string): Witness {
    return {
      phase: async () => ((await this.service.actor(`executor/${symbol}`)).state?.life?.phase as string | undefined) ?? 'unknown',
      life: () => this.#lifeOf(symbol),
      refusals: () => this.#refusalsOf(symbol, this.#intents.get(symbol)),
    };
  }

  #lifeOf(symbol: string): Promise<readonly Entry[]> {
    return this.#journal.lifeOf(this.service.dataDir, symbol);
  }

  async #refusalsOf(symbol: string, answered: Answered | undefined): Promise<readonly string[]> {
    if (answered === undefined) return [];
    if ('code' in answered) return [answered.code];
    const { decisions = [] } = await this.service.get(`/v1/explain/${symbol}`);
    return (decisions as readonly Json[]).filter((one) => one.ids.intentId === answered.intentId).flatMap((one) => (one.denials as readonly Json[]).map((denial) => denial.code as string));
  }

  /** For a failure: what the journal says of the symbol, and why it was not opened. */
  async story(symbol: string): Promise<string> {
    const { gates = [] } = await this.service.get(`/v1/explain/${symbol}`);
    return story(await this.#lifeOf(symbol), gates as readonly Json[]);
  }
}

function struckOf(faults: Json): ReadonlyMap<string, number> {
  return new Map((faults.faults as readonly Json[]).map((one) => [one.id as string, one.used as number]));
}
