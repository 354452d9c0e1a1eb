/** A part of the fault matrix as a suite: each case a test, named by its failure number. */
import { FaultBench } from './fault-bench.ts';
import type { BenchTerms } from './fault-bench.ts';
import { endInWords } from './fault-case.ts';
import type { FaultCase } from './fault-case.ts';
import type { Sandbox } from './service.ts';

/** On what the whole matrix runs: `VIGIL_MATRIX_ENGINE=redis`, `VIGIL_MATRIX_LIMITS=on`. */
function matrixTerms(): BenchTerms {
  const { VIGIL_MATRIX_ENGINE: engine = 'sqlite', VIGIL_MATRIX_LIMITS: limits = 'off' } = process.env;
  if (engine !== 'sqlite' && engine !== 'redis') throw new Error(`VIGIL_MATRIX_ENGINE is ${JSON.stringify(engine)}: sqlite or redis`);
  if (limits !== 'off' && limits !== 'on') throw new Error(`VIGIL_MATRIX_LIMITS is ${JSON.stringify(limits)}: on or off`);
  return { engine, limits: limits === 'on', sets: [] };
}

export function caseInWords({ failure, at, fault, end }: FaultCase): string {
  return `failure ${failure}: ${at} × ${fault} → ${endInWords(end)}`;
}

/** A `describe` in which all cases run at once but for those that go alone, one after another and last; the tests only wait for theirs. */
export function describeMatrix(title: string, box: () => Sandbox, cases: readonly FaultCase[], terms: Partial<BenchTerms> = {}): void {
  describe(title, function () {
    this.timeout(300_000);
    let bench: FaultBench;
    const running = new Map<FaultCase, Promise<string | undefined>>();

    before(async () => {
      bench = await FaultBench.start(box(), cases, { ...matrixTerms(), ...terms });
      const ended = (symbol: string, one: FaultCase, turn: Promise<unknown>) => bench.run(symbol, one, turn).then(() => undefined, async (error: unknown) => `${symbol}: ${error instanceof Error ? error.message : String(error)}\n${await bench.story(symbol)}`);
      for (const [symbol, one] of bench.cases) if (one.alone !== true) running.set(one, ended(symbol, one, Promise.resolve()));
      let last: Promise<unknown> = Promise.all(running.values());
      for (const [symbol, one] of bench.cases) {
        if (one.alone !== true) continue;
        last = ended(symbol, one, last);
        running.set(one, last as Promise<string | undefined>);
      }
    });
    after(() => bench?.close());

    for (const one of cases) {
      it(caseInWords(one), async () => {
        const failed = await running.get(one);
        if (failed !== undefined) throw new Error(failed);
      });
    }
  });
}
