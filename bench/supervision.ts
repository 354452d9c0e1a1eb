/**
 * What supervision costs: the same workloads on Vigil's actors, on nact alone, and on Erlang/OTP where `erl` is installed,
 * as ratios within one run. Each measurement has a process of its own; the systems take turns, and the median of five
 * rounds counts. Only the ratios mean anything; the machine of the day is in all of them. Run: `node bench/supervision.ts`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './supervision/workloads.ts';
import type { Measured } from './supervision/workloads.ts';

const ROUNDS = 5;

interface Row {
  readonly name: string;
  readonly unit: string;
  /** What OTP calls it, if it has it. */
  readonly otp?: string;
  /** At most so many times the other system's; undefined: shown, not required. */
  readonly against?: { readonly nact?: number; readonly otp?: number; readonly bytes?: number };
}

const ROWS: readonly Row[] = [
  { name: 'burst', unit: 'µs a message', against: { nact: 0.1, otp: 1 } },
  { name: 'burst', unit: 'µs a message', otp: 'burst, gen_server' },
  { name: 'ping-pong', unit: 'µs a round trip', against: { nact: 1 } },
  { name: 'ring', unit: 'µs a hop' },
  { name: 'fan-out', unit: 'µs a message' },
  { name: 'ask', unit: 'µs a question' },
  { name: 'ask, 1,000 in flight', unit: 'µs a question', against: { otp: 1 } },
  { name: 'spawn', unit: 'µs an actor' },
  { name: 'bytes an idle actor', unit: 'bytes of heap', against: { bytes: 4_096 } },
  { name: 'crash to restarted', unit: 'µs, median', against: { otp: 1.5 } },
];

type System = (workload: string) => number;

const here = import.meta.dirname;
const node = (system: string): System => (workload) => read(execFileSync(process.execPath, ['--expose-gc', '--disable-warning=ExperimentalWarning', join(here, 'supervision', `${system}.ts`), workload], { encoding: 'utf8' }));

function read(output: string): number {
  return (JSON.parse(output) as Measured).value;
}

/** One scheduler, as Node has one thread. Undefined: Erlang is not installed. */
function otp(directory: string): System | undefined {
  const compiled = spawnSync('erlc', ['-o', directory, join(here, 'supervision', 'otp.erl')], { encoding: 'utf8' });
  if (compiled.error !== undefined) return undefined;
  if (compiled.status !== 0) throw new Error(`otp.erl does not compile: ${compiled.stdout}${compiled.stderr}`);
  return (workload) => read(execFileSync('erl', ['+S', '1', '-noshell', '-pa', directory, '-eval', `otp:main([${JSON.stringify(workload)}]).`], { encoding: 'utf8' }));
}

const WIDTHS = [22, 24, 7, 6, 0];

const directory = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
try {
  const erlang = otp(directory);
  const vigil = node('vigil');
  const nact = node('nact');
  print('', 'Vigil', 'of nact', 'of OTP', 'required');
  for (const row of ROWS) {
    const own: number[] = [];
    const raw: number[] = [];
    const other: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      own.push(vigil(row.name));
      raw.push(nact(row.name));
      if (erlang !== undefined) other.push(erlang(row.otp ?? row.name));
    }
    const value = median(own);
    const ofNact = value / median(raw);
    const ofOtp = other.length === 0 ? undefined : value / median(other);
    print(row.otp ?? row.name, `${value.toPrecision(3)} ${row.unit}`, ofNact.toFixed(2), ofOtp?.toFixed(2) ?? '-', verdict(row, value, ofNact, ofOtp));
  }
  process.stdout.write(`\nMedian of ${ROUNDS} rounds. A ratio below 1 is faster, or smaller.${erlang === undefined ? ' Erlang is not installed.' : ''}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function print(...cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, column) => cell.padEnd(WIDTHS[column]!)).join('  ').trimEnd()}\n`);
}

function verdict({ against }: Row, value: number, ofNact: number, ofOtp: number | undefined): string {
  if (against === undefined) return '';
  const checks = [
    against.nact === undefined ? undefined : ([`${against.nact} of nact`, ofNact <= against.nact] as const),
    against.otp === undefined || ofOtp === undefined ? undefined : ([`${against.otp} of OTP`, ofOtp <= against.otp] as const),
    against.bytes === undefined ? undefined : ([`${against.bytes} bytes`, value <= against.bytes] as const),
  ];
  return checks.filter((check) => check !== undefined).map(([limit, met]) => `${met ? 'met' : 'MISSED'}: ≤ ${limit}`).join(', ');
}
