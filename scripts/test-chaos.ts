/** Kills the service with -9 at random moments, and lets the auditor join the venue's truth with the journal: `npm run test:chaos`. A seed repeats the moments and what is done to it, as far as a machine's own timing does. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/supervision/clock.ts';
import { runChaos, verdict } from '../test/kit/chaos-run.ts';
import { Sandbox } from '../test/kit/service.ts';

const USAGE = 'npm run test:chaos -- [--kills N] [--seed S (or VIGIL_SEED)] [--engine sqlite|redis|both] [--limits: the venue\'s own in force]';
/** Signals come every quarter of a second; whoever opens less than once in so many lives has stopped trading. */
const LIVES_AN_ENTRY = 4;
const ENGINES = { sqlite: ['sqlite'], redis: ['redis'], both: ['sqlite', 'redis'] } as const;

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' }, engine: { type: 'string', default: 'both' }, limits: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
const whole = (name: string, text: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} is ${JSON.stringify(text)}: a whole number is expected\n${USAGE}\n`);
  process.exit(2);
};
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
if (!Object.hasOwn(ENGINES, values.engine)) {
  process.stderr.write(`--engine is ${JSON.stringify(values.engine)}: sqlite, redis or both\n${USAGE}\n`);
  process.exit(2);
}
const kills = whole('kills', values.kills);
const seed = whole('seed', values.seed ?? process.env['VIGIL_SEED'] ?? String(systemClock.now() % 1_000_000_000));
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`seed ${seed}, ${kills} kills`);

let failed = false;
for (const engine of ENGINES[values.engine as keyof typeof ENGINES]) {
  if (engine === 'redis' && spawnSync('redis-server', ['--version']).status !== 0) {
    say(`redis: skipped, redis-server is not installed${process.env['VIGIL_REQUIRE_ALL'] === '1' ? ', and VIGIL_REQUIRE_ALL=1 wants every engine' : ''}`);
    failed ||= process.env['VIGIL_REQUIRE_ALL'] === '1';
    continue;
  }
  const box = new Sandbox();
  try {
    const report = await runChaos(box, { seed, kills, engine, auditEvery: 25, limits: values.limits, say: (line) => say(`${engine}: ${line}`) });
    const { counts, findings } = report;
    say(`${engine}: ${report.kills} kills of the service, ${report.storeKills} of the store; ${report.handedIn} intents handed in, ${report.entries} entries sent, ${report.closed} positions closed, ${report.faults} faults of the venue; ${report.audits} audits, the last over ${counts.underPermit} orders under a permit, ${counts.underMandate} under a mandate (${counts.unrecorded} without a record), ${counts.triggered} triggered, ${counts.fills} fills (${counts.fillsAdopted} adopted)`);
    for (const { code, message } of findings) say(`${engine}: ${code} ${message}`);
    say(`${engine}: ${verdict(findings)}`);
    const thin = report.entries * LIVES_AN_ENTRY < kills;
    if (thin) say(`${engine}: ${report.entries} entries in ${kills} lives prove nothing`);
    failed ||= findings.length > 0 || thin;
  } catch (error) {
    failed = true;
    say(`${engine}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await box.close();
  }
}
say(failed ? `FAILED: repeat with --seed ${seed}` : `passed, seed ${seed}`);
process.exitCode = failed ? 1 : 0;
