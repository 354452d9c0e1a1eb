/** Which tests belong to a source, in the order in which they are asked: its own, those of its room and those that name it, then those of the actors around it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** By the beginning of a path under src/: tests that are about it, but in no place that says so. Slow ones come last, or not at all. */
const ELSEWHERE: readonly (readonly [string, readonly string[]])[] = [
  ['persistence/journal-entry', ['test/persistence/sqlite/journal.test.ts']],
  ['persistence/retention', ['test/persistence/sqlite/journal.test.ts']],
  ['persistence/verify', ['test/persistence/sqlite/reader.test.ts', 'test/persistence/sqlite/check.test.ts', 'test/persistence/redis/reader.test.ts']],
  ['protocol/permit', ['test/actors/gateway.test.ts']],
  ['protocol/venue-reactions', ['test/docs.test.ts', 'test/actors/gateway-trouble.test.ts', 'test/actors/executor-reactions.test.ts']],
  ['protocol/versions', ['test/rules/snapshots.test.ts']],
  ['rules/account/', ['test/actors/account.test.ts']],
  ['rules/audit/', ['test/rules/audit.test.ts']],
  ['rules/audit-run', ['test/actors/auditor.test.ts']],
  ['rules/bridge-gates', ['test/actors/bridge.test.ts']],
  ['rules/client-ids', ['test/actors/executor-opening.test.ts']],
  ['rules/exhaustion', ['test/actors/watchdog.test.ts']],
  ['rules/exits/', ['test/actors/exits.test.ts']],
  ['rules/guards/', ['test/actors/governor.test.ts', 'test/actors/decision-chain.test.ts']],
  ['rules/indicators/', ['test/actors/market.test.ts', 'test/rules/strategies/ema-cross.test.ts']],
  ['rules/intake', ['test/actors/intake.test.ts', 'test/operator/intents.test.ts']],
  ['rules/intent-prices', ['test/rules/bridge-gates.test.ts', 'test/actors/intake.test.ts', 'test/actors/bridge.test.ts']],
  ['rules/locks/', ['test/actors/locks.test.ts', 'test/operator/locks.test.ts']],
  ['rules/market-statistics', ['test/actors/market.test.ts']],
  ['rules/policy-trial', ['test/service/check-policy.test.ts']],
  ['rules/position-life/', ['test/actors/executor-opening.test.ts', 'test/actors/executor-protection.test.ts', 'test/actors/executor-truth.test.ts', 'test/actors/executor-ambiguity.test.ts']],
  ['rules/protection', ['test/actors/executor-protection.test.ts']],
  ['rules/clock-offset', ['test/actors/gateway-clock.test.ts']],
  ['rules/key-permissions', ['test/actors/gateway-trouble.test.ts']],
  ['rules/rate-lane', ['test/actors/gateway-lanes.test.ts']],
  ['rules/read-models', ['test/actors/read-models.test.ts']],
  ['rules/readiness', ['test/actors/readiness.test.ts']],
  ['rules/receive-ages', ['test/actors/market.test.ts']],
  ['rules/reconciliation', ['test/actors/reconciler.test.ts']],
  ['rules/request-budget', ['test/actors/gateway-lanes.test.ts']],
  ['rules/reservations', ['test/rules/guards/opening.test.ts', 'test/actors/governor.test.ts']],
  ['rules/strategies/', ['test/actors/generator.test.ts', 'test/actors/shadow.test.ts', 'test/actors/remote-model.test.ts', 'test/service/strategies.test.ts']],
  ['rules/stream-hearing', ['test/actors/deaf-stream.test.ts', 'test/actors/user-stream.test.ts']],
  ['rules/trading-state', ['test/actors/trading-state.test.ts']],
  ['rules/universe', ['test/actors/universe.test.ts']],
  ['rules/venue-made', ['test/actors/executor-findings.test.ts', 'test/rules/audit.test.ts']],
];

/** Thousands of random cases, many seconds for one fault: not asked. A fault that only they would notice counts as survived. */
const TOO_SLOW: ReadonlySet<string> = new Set(['test/rules/position-life/model.test.ts']);

/** Lists of tests, asked one after the other until one fails. `file` and the answer are paths inside `root`. `near`: those around it are not asked, where there are others. */
export function testsOf(file: string, root: string, near = false): readonly (readonly string[])[] {
  const inside = file.slice('src/'.length);
  const mirror = join('test', inside).replace(/\.ts$/, '.test.ts');
  const [part = ''] = inside.split('/');
  const all = globSync(`test/${part}/**/*.test.ts`, { cwd: root }).filter((test) => !TOO_SLOW.has(test)).toSorted();
  const own = existsSync(join(root, mirror)) ? [mirror] : [];
  const room = dirname(mirror) === `test/${part}` ? [] : all.filter((test) => dirname(test) === dirname(mirror));
  const naming = all.filter((test) => readFileSync(join(root, test), 'utf8').includes(`/src/${inside}'`));
  const beside = new Set([...room, ...naming].filter((test) => test !== mirror));
  const around = ELSEWHERE.flatMap(([begin, tests]) => (inside.startsWith(begin) ? tests : []));
  const steps = [own, [...beside], around].filter((step) => step.length > 0);
  if (steps.length === 0) throw new Error(`no test belongs to ${file}: name one in ${basename(import.meta.filename)}`);
  return near && steps.length > 1 ? steps.filter((step) => step !== around) : steps;
}
