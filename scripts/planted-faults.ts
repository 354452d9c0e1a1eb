/** Plants faults in src/rules, or in what else is asked for, one at a time in a copy under the temporary directory, and says which of them the tests notice: docs/planted-faults.md. */
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../src/service/build-id.ts';
import { systemClock } from '../src/supervision/clock.ts';
import { SeededRandom } from '../src/supervision/random.ts';
import { Bench } from './planted-faults/bench.ts';
import { faultsOf } from './planted-faults/faults.ts';
import type { Fault } from './planted-faults/faults.ts';
import { testsOf } from './planted-faults/tests-of.ts';

const USAGE = 'npm run test:faults -- [--file GLOB]… [--sample N (a file; 0 is all)] [--seed S] [--jobs 1|2] [--floor PERCENT] [--near (without the actors\' tests)]';
const NOT_COPIED = new Set(['node_modules', '.git', 'var']);
/** A fault may make a test slower, but not by this much. */
const SLOWER = 5;
const LEAST_LIMIT_MS = 10_000;

interface Report {
  readonly file: string;
  readonly all: number;
  readonly planted: number;
  readonly survivors: readonly Fault[];
}

interface Options {
  readonly sample: number;
  readonly seed: number;
  /** Only the tests of the source's own and of its room. */
  readonly near: boolean;
}

/** `count` of them by a seed; 0: all. */
function sampled(faults: readonly Fault[], file: string, { sample, seed }: Options): readonly Fault[] {
  if (sample === 0 || faults.length <= sample) return faults;
  // Each file draws for itself, so that the same faults come out whatever other files are asked for.
  const random = new SeededRandom(Buffer.from(file).reduce((mixed, byte) => (Math.imul(mixed, 31) + byte) | 0, seed));
  return faults.map((fault) => ({ fault, at: random.next() })).toSorted((a, b) => a.at - b.at).slice(0, sample).map(({ fault }) => fault).toSorted((a, b) => a.line - b.line);
}

/** How long tests may take, ms, by their names joined; they are in it once they have passed with nothing broken. */
const limits = new Map<string, number>();

async function examine(file: string, bench: Bench, options: Options): Promise<Report> {
  const { seed } = options;
  const { copy } = bench;
  const all = faultsOf(readFileSync(join(copy, file), 'utf8'));
  const faults = sampled(all, file, options);
  if (faults.length === 0) return { file, all: 0, planted: 0, survivors: [] };
  const steps = testsOf(file, copy, options.near);
  for (const tests of steps) {
    if (limits.has(tests.join())) continue;
    const before = systemClock.monotonic();
    await unbroken(tests);
    limits.set(tests.join(), Math.round(Math.max(LEAST_LIMIT_MS, (systemClock.monotonic() - before) * SLOWER)));
  }
  const survivors: Fault[] = [];
  for (const fault of faults) if (!(await noticed(fault))) survivors.push(fault);
  // A worker that fails whatever it is given would have noticed everything.
  for (const tests of steps.slice(0, 1)) await unbroken(tests);
  return { file, all: all.length, planted: faults.length, survivors };

  async function unbroken(tests: readonly string[]): Promise<void> {
    const { failure, count } = await bench.run({ file, tests, seed }, 300_000);
    if (failure !== undefined || count === 0) throw new Error(`${tests.join(', ')}: ${failure ?? 'no test ran'}, with no fault in ${file}`);
  }

  async function noticed(fault: Fault): Promise<boolean> {
    for (const tests of steps) {
      const { failure } = await bench.run({ file, source: fault.source, tests, seed }, limits.get(tests.join()) ?? LEAST_LIMIT_MS);
      if (failure !== undefined) return true;
    }
    return false;
  }
}

function percent({ planted, survivors }: Pick<Report, 'planted' | 'survivors'>): number {
  return planted === 0 ? 100 : ((planted - survivors.length) / planted) * 100;
}

function row({ file, all, planted, survivors }: Report): string {
  return `| ${file} | ${all} | ${planted} | ${planted - survivors.length} | ${survivors.length} | ${percent({ planted, survivors }).toFixed(0)} % |`;
}

function naturalNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new Error(`--${name} ${value}: expected a whole number\n${USAGE}`);
  return Number(value);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { file: { type: 'string', multiple: true, default: [] }, sample: { type: 'string', default: '25' }, seed: { type: 'string', default: '1' }, jobs: { type: 'string', default: '2' }, floor: { type: 'string' }, near: { type: 'boolean', default: false } },
  });
  const options = { sample: naturalNumber('sample', values.sample), seed: naturalNumber('seed', values.seed), near: values.near };
  const floor = values.floor === undefined ? undefined : naturalNumber('floor', values.floor);
  const jobs = Math.min(Math.max(naturalNumber('jobs', values.jobs), 1), 2);
  if (!existsSync(join(PROJECT_ROOT, 'node_modules'))) throw new Error('node_modules is missing: npm ci');
  // A shell on the way may have made a list of a pattern.
  const asked = [...values.file, ...positionals];
  const files = globSync(asked.length === 0 ? ['src/rules/**/*.ts'] : asked, { cwd: PROJECT_ROOT }).filter((file) => file.startsWith('src/') && file.endsWith('.ts')).toSorted();
  if (files.length === 0) throw new Error(`--file ${asked.join(' ')}: no file of src\n${USAGE}`);

  const started = systemClock.monotonic();
  const copies = mkdtempSync(join(tmpdir(), 'vigil-faults-'));
  const benches = Array.from({ length: jobs }, (_, index) => new Bench(join(copies, String(index))));
  const close = (): void => {
    for (const bench of benches) bench.close();
    rmSync(copies, { recursive: true, force: true });
  };
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    process.once(signal, () => {
      close();
      process.exit(code);
    });
  }
  try {
    for (const { copy } of benches) {
      for (const name of readdirSync(PROJECT_ROOT)) if (!NOT_COPIED.has(name)) cpSync(join(PROJECT_ROOT, name), join(copy, name), { recursive: true });
      symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(copy, 'node_modules'));
    }
    const reports: Report[] = [];
    const waiting = [...files];
    await Promise.all(benches.map(async (bench) => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const report = await examine(file, bench, options);
        reports.push(report);
        process.stdout.write(`${row(report)}\n${report.survivors.map(({ line, change }) => `    ${file}:${line}  ${change}\n`).join('')}`);
      }
    }));
    reports.sort((a, b) => a.file.localeCompare(b.file));
    const total = { file: 'all', all: sum(reports, 'all'), planted: sum(reports, 'planted'), survivors: reports.flatMap(({ survivors }) => survivors) };
    process.stdout.write(`\n| file | possible | planted | caught | survived | score |\n|---|---|---|---|---|---|\n${[...reports, total].map(row).join('\n')}\n`);
    process.stdout.write(`\n${Math.round((systemClock.monotonic() - started) / 1000)} s, sample ${options.sample}, seed ${options.seed}\n`);
    const below = reports.filter((report) => floor !== undefined && percent(report) < floor);
    for (const report of below) process.stderr.write(`${report.file}: ${percent(report).toFixed(1)} % is below ${floor} %\n`);
    return below.length === 0 ? 0 : 1;
  } finally {
    close();
  }
}

function sum(reports: readonly Report[], field: 'all' | 'planted'): number {
  return reports.reduce((total, report) => total + report[field], 0);
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  });
}
