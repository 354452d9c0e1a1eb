/** kill -9 of the service at random moments, each followed by a restart, while signals keep coming; now and then, and in the end, the auditor joins the venue's truth with the journal. */
import type { AuditFinding, AuditReport } from '../../src/rules/audit/facts.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { ChaosBench } from './chaos-bench.ts';
import type { Stories } from './chaos-bench.ts';
import { RedisServer } from './redis.ts';
import { eventually, moment } from './service.ts';
import type { Json, Sandbox, Service } from './service.ts';

export interface ChaosTerms {
  readonly seed: number;
  readonly kills: number;
  readonly engine: 'sqlite' | 'redis';
  /** After so many kills it is left alone until it has come to rest, and audited. */
  readonly auditEvery: number;
  /** The venue's limits of weight and orders are in force; default: not. */
  readonly limits?: boolean;
  readonly say: (line: string) => void;
  /** Before the last audit, to show that it would find something. */
  readonly plant?: (bench: ChaosBench) => Promise<void>;
}

export interface ChaosReport {
  readonly kills: number;
  readonly storeKills: number;
  readonly audits: number;
  readonly handedIn: number;
  readonly faults: number;
  readonly entries: number;
  readonly closed: number;
  readonly counts: AuditReport['counts'];
  readonly findings: readonly AuditFinding[];
  /** The last comparison, for whoever plants violations in it. */
  readonly stories: Stories;
}

/** A start on a crowded machine; the bound of a start has its own tests. */
const ANSWERS_WITHIN_MS = 60_000;
const REST_WITHIN_MS = 120_000;
/** One life in so many is killed before it answers, one in so many takes its store with it. */
const EARLY = 5;
/** Of the others one in so many is killed while it may not trade yet. */
const TRADING = 4;
const WITH_STORE = 6;
const EARLY_WITHIN_MS = 1_500;
const LATE_WITHIN_MS = 4_000;

/** The codes in the words of the issue. */
const VIOLATIONS: readonly (readonly [AuditFinding['code'], string])[] = [
  ['ORDER_WITHOUT_PERMIT', 'orders without permit'],
  ['ORDER_DOUBLED', 'orders doubled'],
  ['FILL_LOST', 'fills lost'],
  ['NAKED', 'naked beyond the bound'],
  ['RECORD_DIFFERS', 'records unequal to the venue'],
];

export function verdict(findings: readonly AuditFinding[]): string {
  return VIOLATIONS.map(([code, words]) => `${words} ${findings.filter((one) => one.code === code).length}`).join(', ');
}

/** @throws when a life ends otherwise than by being killed, or does not come up. */
export async function runChaos(box: Sandbox, { seed, kills, engine, auditEvery, limits = false, say, plant }: ChaosTerms): Promise<ChaosReport> {
  const random = new SeededRandom(seed);
  const redis = engine === 'redis' ? await RedisServer.start({ appendfsync: 'always' }) : undefined;
  try {
    const bench = await ChaosBench.start(box, redis, random, limits);
    let storeKills = 0;
    let audits = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const service = bench.live();
      const early = bench.below(EARLY) === 0;
      if (early) await moment(bench.below(EARLY_WITHIN_MS));
      else {
        await up(bench, service);
        if (bench.below(TRADING) > 0) {
          await trading(service);
          await bench.reactivate(service);
        }
        await troubled(bench, service, bench.below(LATE_WITHIN_MS));
      }
      // A start without a store is a refusal, and has its own tests.
      const withStore = redis !== undefined && !early && bench.below(WITH_STORE) === 0;
      if (withStore) {
        await redis.kill();
        storeKills += 1;
        // It lives on without its store for a moment: the disk takes what it writes.
        await troubled(bench, service, bench.below(LATE_WITHIN_MS));
      }
      expectAlive(service);
      await service.process.die();
      bench.died();
      if (withStore) await redis.begin();
      if (kill % auditEvery !== 0 || kill === kills) continue;
      const { report } = await rested(bench, (quiet) => quiet.process.die());
      audits += 1;
      say(`${kill} kills: ${verdict(report.findings)}`);
      if (report.findings.length > 0) break;
    }
    await bench.paper.heal();
    await plant?.(bench);
    const { report, stories } = await rested(bench, (quiet) => quiet.stop('SIGTERM', ANSWERS_WITHIN_MS));
    const events = [...stories.lives.values()].flatMap((life) => life.events);
    const count = (type: string) => events.filter((event) => event.type === type).length;
    const entries = events.filter((event) => event.type === 'OrderSending' && event.purpose === 'entry').length;
    return { kills, storeKills, audits: audits + 1, handedIn: bench.handedIn, faults: bench.faults, entries, closed: count('PositionClosed'), counts: report.counts, findings: report.findings, stories };
  } finally {
    await redis?.remove();
  }
}

async function up(bench: ChaosBench, service: Service): Promise<void> {
  await service.answers(ANSWERS_WITHIN_MS);
  bench.answered();
}

/** The ready gate is open: from here on a signal may become an order. */
async function trading(service: Service): Promise<void> {
  await eventually('the ready gate is open', async () => {
    expectAlive(service);
    const { checks } = await service.get('/v1/health');
    return (checks as readonly Json[]).some((check) => check.name === 'readiness' && check.status === 'ok');
  }, REST_WITHIN_MS);
}

/** Signals, prices and faults for so long. One that meets a service which is not ready, or busy dying, has come to nothing. */
async function troubled(bench: ChaosBench, service: Service, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until && service.process.exit === undefined) {
    await bench.disturb(service);
    await moment(Math.min(60 + bench.below(200), Math.max(0, until - performance.now())));
  }
}

function expectAlive(service: Service): void {
  if (service.process.exit !== undefined) throw new Error(`the service ended by itself:\n${service.process.said}`);
}

/** A life in which nothing is done to it: it reconciles, resolves and protects, and then both stories must be one. */
async function rested(bench: ChaosBench, end: (service: Service) => Promise<unknown>): Promise<Awaited<ReturnType<ChaosBench['audited']>>> {
  await bench.paper.heal();
  const service = bench.live();
  await up(bench, service);
  await moment(3_000);
  const audited = await bench.audited(REST_WITHIN_MS);
  expectAlive(service);
  await end(service);
  bench.died();
  return audited;
}
