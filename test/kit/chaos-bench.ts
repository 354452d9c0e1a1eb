/** What stands around the killed one: the venue (a process of its own), the journal's store, the market and the signals that never stop, and the auditor. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditReport, AuditTerms, VenueFacts } from '../../src/rules/audit/facts.ts';
import { audit } from '../../src/rules/audit.ts';
import type { SeededRandom } from '../../src/supervision/random.ts';
import { OPEN_WIDE } from './open-wide.ts';
import { livesInRedis, livesOnFile } from './recorded-lives.ts';
import type { RecordedLives } from './recorded-lives.ts';
import type { RedisServer } from './redis.ts';
import { moment } from './service.ts';
import type { Paper, Sandbox, Service } from './service.ts';
import { venueFactsOf } from './venue-truth.ts';
import type { PaperTruth } from './venue-truth.ts';

const SYMBOLS = Array.from({ length: 10 }, (_, index) => `K${index}USDT`);
const PRICE = 10;
const TICK = 0.001;
/** A plan is a duplicate of the same source's of the same five minutes (ruling 19): many sources, many openings. */
const SOURCES = Array.from({ length: 20 }, (_, index) => `s${index}`);
/** Ruling 10, and what a close takes; while nobody is there nothing is counted. */
const NAKED_BOUND_MS = 13_000;
/** What has changed since may still be on its way to the journal. */
const SETTLED_AFTER_MS = 1_500;
const INSTANCE = 'chaos';
/** The default of journal.redis.prefix. */
const PREFIX = 'quantum:';

const SETTINGS = [
  ...OPEN_WIDE,
  `universe.symbols=[${SYMBOLS.join(', ')}]`,
  `intents.sources=[${SOURCES.join(', ')}]`,
  'generator.cycleMs=1500',
  'exits.evaluateMs=400',
  'risk.symbolCooldownMs=0',
  'protections.sameSignal.pauseMs=0',
  'protections.killClose.pauseMs=0',
  'protections.errorBreaker.pauseMs=0',
  'protections.lossStreak.pauseMs=0',
  'protections.stopGuard.pauseMs=0',
  'protections.lowProfit.pauseMs=0',
  'protections.drawdown.pauseMs=0',
];

/** The venue's answers that leave a write in doubt, or refuse it; each once. */
const FAULTS = [
  { action: 'drop-response' },
  { action: 'drop-request' },
  { action: 'reset' },
  { action: 'delay', delayMs: 2_000 },
  { action: 'error', status: 408, code: -1007, processed: true },
  { action: 'error', status: 503, text: 'Service Unavailable.' },
] as const;
const WRITES = [
  { method: 'POST', path: '/fapi/v1/order' },
  { method: 'POST', path: '/fapi/v1/algoOrder' },
  { method: 'DELETE', path: '/fapi/v1/algoOrder' },
] as const;

/** No reconciliation undoes these: waiting for more is in vain. */
const FOR_EVER: ReadonlySet<string> = new Set(['ORDER_WITHOUT_PERMIT', 'ORDER_DOUBLED']);

/** The two stories, and on which terms they are compared. */
export interface Stories {
  readonly venue: VenueFacts;
  readonly lives: RecordedLives;
  readonly terms: AuditTerms;
}

export function auditOf({ venue, lives, terms }: Stories): AuditReport {
  return audit(venue, lives, terms);
}

export class ChaosBench {
  readonly paper: Paper;
  readonly redis: RedisServer | undefined;
  readonly dataDir: string;
  readonly #box: Sandbox;
  readonly #random: SeededRandom;
  readonly #prices = new Map(SYMBOLS.map((symbol) => [symbol, PRICE]));
  readonly #since = Date.now();
  /** When nobody was there to protect anything. */
  readonly #away: { from: number; to: number }[] = [];
  /** An operator's flatten leaves its symbol halted: without this a long run would try less and less. */
  readonly #halted = new Set<string>();
  handedIn = 0;
  faults = 0;

  private constructor(box: Sandbox, paper: Paper, redis: RedisServer | undefined, random: SeededRandom) {
    this.#box = box;
    this.paper = paper;
    this.redis = redis;
    this.#random = random;
    this.dataDir = box.newDir();
  }

  /** @param limits the venue's own; without them a start every few seconds tries nothing but those. */
  static async start(box: Sandbox, redis: RedisServer | undefined, random: SeededRandom, limits: boolean): Promise<ChaosBench> {
    const symbols = join(box.dir, 'chaos-symbols.json');
    writeFileSync(symbols, JSON.stringify(SYMBOLS.map((symbol) => ({ symbol, price: String(PRICE), tickSize: String(TICK), stepSize: '0.1', dayTurnover: 2_000_000_000 }))));
    return new ChaosBench(box, await box.paper(['--symbols', symbols, ...(limits ? [] : ['--no-limits']), '--balance', '1000000']), redis, random);
  }

  below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** What marks this instance's orders; its first life makes it. */
  tag(): string {
    return readFileSync(join(this.dataDir, 'instance-tag'), 'utf8').trim();
  }

  /** Another life; nobody was there between it and the one before. */
  live(): Service {
    const store = this.redis === undefined ? [] : ['journal.engine=redis', `journal.redis.url=${this.redis.url}`, `journal.redis.instance=${INSTANCE}`];
    return this.#box.service({ paper: this.paper, dataDir: this.dataDir, sets: [...SETTINGS, ...store] });
  }

  died(): void {
    this.#away.push({ from: Date.now(), to: Infinity });
  }

  answered(): void {
    const last = this.#away.at(-1);
    if (last?.to === Infinity) last.to = Date.now();
  }

  /** One thing that may happen at any time: a signal, the market, an operator, a venue that fails. */
  async disturb(service: Service): Promise<void> {
    const what = this.#random.next();
    if (what < 0.45) {
      const status = await this.#order(service, '/v1/intents', { source: this.#pick(SOURCES), symbol: this.#pick(SYMBOLS), side: this.#pick(['long', 'short']), confidence: 1 });
      if (status === 202) this.handedIn += 1;
    } else if (what < 0.8) {
      const symbol = this.#pick(SYMBOLS);
      // Around where it began: a fill is never too small or too large for the limits.
      const price = Math.min(13, Math.max(7, this.#prices.get(symbol)! * (1 + (this.#random.next() - 0.5) * 0.06)));
      this.#prices.set(symbol, price);
      await this.paper.price(symbol, (Math.round(price / TICK) * TICK).toFixed(3));
    } else if (what < 0.9) {
      this.faults += 1;
      await this.paper.control('POST', 'faults', { match: this.#pick(WRITES), ...this.#pick(FAULTS), times: 1 });
    } else {
      const symbol = this.#pick(SYMBOLS);
      this.#halted.add(symbol);
      await this.#order(service, '/v1/flatten', { symbol, reason: 'chaos', waitMs: 0 });
    }
  }

  /** What was flattened in earlier lives may trade again; what is still being flattened, in a later one. */
  async reactivate(service: Service): Promise<void> {
    for (const symbol of this.#halted) {
      const status = await this.#order(service, '/v1/trading/activate', { symbol, reason: 'chaos' });
      if (status === 200) this.#halted.delete(symbol);
    }
  }

  /** It may not be able to, or refuse; it never does not understand. */
  async #order(service: Service, path: string, body: object): Promise<number> {
    const { status, json } = await service.post(path, body);
    if (status === 400 || status === 404) throw new Error(`${path} ${JSON.stringify(body)} was answered ${status}: ${JSON.stringify(json)}`);
    return status;
  }

  /** Both stories as they are now. The venue is asked first: what it did since is in the journal at most, and not judged. */
  async stories(): Promise<Stories> {
    const truth = (await this.paper.control('GET', 'truth')) as PaperTruth;
    const tags = [this.tag()];
    const { now } = truth;
    const lives = this.redis === undefined ? livesOnFile(this.dataDir) : await livesInRedis({ url: this.redis.url, prefix: PREFIX, instance: INSTANCE, file: join(this.dataDir, 'journal') });
    const away = this.#away.map(({ from, to }) => ({ from, to: Math.min(to, now) }));
    return { venue: venueFactsOf(truth), lives, terms: { tags, since: this.#since, settledBefore: now - SETTLED_AFTER_MS, now, nakedBoundMs: NAKED_BOUND_MS, away } };
  }

  /**
   * Waits until nothing is under way and both stories agree, or for so long; then the last comparison stands. What must never
   * have happened does not go away by waiting.
   */
  async audited(withinMs: number): Promise<{ readonly report: AuditReport; readonly stories: Stories }> {
    const until = performance.now() + withinMs;
    for (;;) {
      const stories = await this.stories();
      const report = auditOf(stories);
      const over = report.findings.length === 0 ? report.counts.unsettled === 0 : report.findings.every(({ code }) => FOR_EVER.has(code));
      if (over || performance.now() > until) return { report, stories };
      await moment(1_000);
    }
  }
}
