/** How much of each workload is measured, for all systems alike; and how a measurement is handed to the one that compares. */

export const SIZES = {
  burst: 1_000_000,
  pingPong: 200_000,
  ringActors: 100,
  ringHops: 200_000,
  fanActors: 1_000,
  fanRounds: 200,
  idle: 100_000,
  crashes: 2_000,
  asks: 100_000,
  inFlight: 1_000,
};

export type Sizes = typeof SIZES;

/** Microseconds a unit, or bytes an actor. */
export interface Measured {
  readonly value: number;
}

export type Workload = (sizes: Sizes) => Promise<Measured>;

/** A service runs for months: what is measured is a runtime that has compiled what it runs, not one that does so meanwhile. */
const WARM_UP: Sizes = { ...SIZES, burst: SIZES.burst / 10, pingPong: SIZES.pingPong / 10, ringHops: SIZES.ringHops / 10, fanRounds: SIZES.fanRounds / 10, crashes: SIZES.crashes / 10, asks: SIZES.asks / 10, idle: SIZES.idle / 100 };

/** Runs the workload named on the command line, once to warm up, and prints what was then measured as one line of JSON. */
export async function measure(workloads: Readonly<Record<string, Workload>>): Promise<void> {
  const name = process.argv[2] ?? '';
  const workload = workloads[name];
  if (workload === undefined) throw new Error(`no workload called ${name}: there are ${Object.keys(workloads).join(', ')}`);
  await workload(WARM_UP);
  process.stdout.write(`${JSON.stringify(await workload(SIZES))}\n`);
  process.exit(0);
}

/** Microseconds a unit of `units`, from before `run` until what it returns is there. */
export async function timed(units: number, run: () => Promise<unknown>): Promise<Measured> {
  const startedAt = performance.now();
  await run();
  return { value: ((performance.now() - startedAt) * 1000) / units };
}

/** Heap bytes each of `count` things takes that `make` makes and keeps. Needs --expose-gc. */
export async function heapBytes(count: number, make: () => unknown): Promise<Measured> {
  const before = heap();
  const kept = await make();
  const after = heap();
  if (kept === undefined) throw new Error('nothing was kept');
  return { value: (after - before) / count };
}

function heap(): number {
  if (globalThis.gc === undefined) throw new Error('run node with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
