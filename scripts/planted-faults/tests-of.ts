/** Which tests belong to a rule, in the order in which they are asked: its own, those of its room and those that name it, then those of the actors around it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** By the beginning of a path under src/rules/: tests that are about it, but in no place that says so. Slow ones come last, or not at all. */
const ELSEWHERE: readonly (readonly [string, readonly string[]])[] = [
  ['account/', ['test/actors/account.test.ts']],
  ['audit/', ['test/rules/audit.test.ts']],
  ['audit-run', ['test/actors/auditor.test.ts']],
  ['bridge-gates', ['test/actors/bridge.test.ts']],
  ['client-ids', ['test/actors/executor-opening.test.ts']],
  ['exhaustion', ['test/actors/watchdog.test.ts']],
  ['exits/', ['test/actors/exits.test.ts']],
  ['guards/', ['test/actors/governor.test.ts', 'test/actors/decision-chain.test.ts']],
  ['indicators/', ['test/actors/market.test.ts', 'test/rules/strategies/ema-cross.test.ts']],
  ['intake', ['test/actors/intake.test.ts', 'test/operator/intents.test.ts']],
  ['intent-prices', ['test/rules/bridge-gates.test.ts', 'test/actors/intake.test.ts', 'test/actors/bridge.test.ts']],
  ['locks/', ['test/actors/locks.test.ts', 'test/operator/locks.test.ts']],
  ['market-statistics', ['test/actors/market.test.ts']],
  ['policy-trial', ['test/service/check-policy.test.ts']],
  ['position-life/', ['test/actors/executor-opening.test.ts', 'test/actors/executor-protection.test.ts', 'test/actors/executor-truth.test.ts', 'test/actors/executor-ambiguity.test.ts']],
  ['protection', ['test/actors/executor-protection.test.ts']],
  ['clock-offset', ['test/actors/gateway-clock.test.ts']],
  ['key-permissions', ['test/actors/gateway-trouble.test.ts']],
  ['rate-lane', ['test/actors/gateway-lanes.test.ts']],
  ['read-models', ['test/actors/read-models.test.ts']],
  ['readiness', ['test/actors/readiness.test.ts']],
  ['receive-ages', ['test/actors/market.test.ts']],
  ['reconciliation', ['test/actors/reconciler.test.ts']],
  ['request-budget', ['test/actors/gateway-lanes.test.ts']],
  ['reservations', ['test/rules/guards/opening.test.ts', 'test/actors/governor.test.ts']],
  ['strategies/', ['test/actors/generator.test.ts', 'test/actors/shadow.test.ts', 'test/actors/remote-model.test.ts', 'test/service/strategies.test.ts']],
  ['stream-hearing', ['test/actors/deaf-stream.test.ts', 'test/actors/user-stream.test.ts']],
  ['trading-state', ['test/actors/trading-state.test.ts']],
  ['universe', ['test/actors/universe.test.ts']],
  ['venue-made', ['test/actors/executor-findings.test.ts', 'test/rules/audit.test.ts']],
];

/** Thousands of random cases, many seconds for one fault: not asked. A fault that only they would notice counts as survived. */
const TOO_SLOW: ReadonlySet<string> = new Set(['test/rules/position-life/model.test.ts']);

/** Lists of tests, asked one after the other until one fails. `file` and the answer are paths inside `root`. */
export function testsOf(file: string, root: string): readonly (readonly string[])[] {
  const inside = file.slice('src/rules/'.length);
  const mirror = join('test', file.slice('src/'.length)).replace(/\.ts$/, '.test.ts');
  const all = globSync('test/rules/**/*.test.ts', { cwd: root }).filter((test) => !TOO_SLOW.has(test)).toSorted();
  const own = existsSync(join(root, mirror)) ? [mirror] : [];
  const room = dirname(mirror) === 'test/rules' ? [] : all.filter((test) => dirname(test) === dirname(mirror));
  const naming = all.filter((test) => readFileSync(join(root, test), 'utf8').includes(`/src/rules/${inside}'`));
  const near = new Set([...room, ...naming].filter((test) => test !== mirror));
  const around = ELSEWHERE.flatMap(([begin, tests]) => (inside.startsWith(begin) ? tests : []));
  const steps = [own, [...near], around].filter((step) => step.length > 0);
  if (steps.length === 0) throw new Error(`no test belongs to ${file}: name one in ${basename(import.meta.filename)}`);
  return steps;
}
