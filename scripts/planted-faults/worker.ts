/** One process that runs tests again and again, each time over modules loaded afresh, one of them with a fault in it. */
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import Mocha from 'mocha';

/** Files are paths inside the copy. Without a source nothing is broken. */
export interface Trial {
  readonly file: string;
  readonly source?: string;
  readonly tests: readonly string[];
  readonly seed: number;
}

/** Undefined: the tests passed, `count` of them. */
export interface Outcome {
  readonly failure: string | undefined;
  readonly count: number;
}

const COPY = process.argv[2] ?? '';
const ROOT = pathToFileURL(`${COPY}/`).href;

/** Types taken off, by URL: most files are the same in every trial. */
const stripped = new Map<string, string>();
let trials = 0;
let faulty: { readonly url: string; readonly source: string } | undefined;

registerHooks({
  // A name that is new in each trial is a module that is loaded anew.
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context);
    return found.url.startsWith(ROOT) && found.url.endsWith('.ts') ? { ...found, url: `${found.url}?trial=${trials}` } : found;
  },
  load(url, context, nextLoad) {
    const [path = ''] = url.split('?');
    if (!path.startsWith(ROOT) || !path.endsWith('.ts')) return nextLoad(url, context);
    if (path === faulty?.url) return { format: 'module', source: stripTypeScriptTypes(faulty.source), shortCircuit: true };
    const source = stripped.get(path) ?? stripTypeScriptTypes(readFileSync(fileURLToPath(path), 'utf8'));
    stripped.set(path, source);
    return { format: 'module', source, shortCircuit: true };
  },
});

async function run({ file, source, tests, seed }: Trial): Promise<Outcome> {
  trials += 1;
  faulty = source === undefined ? undefined : { url: pathToFileURL(join(COPY, file)).href, source };
  // The same cases for every fault, and in every run.
  fc.configureGlobal({ seed });
  // The bench watches the time, by how long the tests take when nothing is broken.
  const mocha = new Mocha({ bail: true, timeout: 0, reporter: class {} as unknown as typeof Mocha.reporters.Base });
  try {
    for (const test of tests) {
      mocha.suite.emit('pre-require', globalThis, test, mocha);
      await import(`${pathToFileURL(join(COPY, test)).href}?trial=${trials}`);
    }
  } catch (error) {
    return { failure: `does not load: ${String(error)}`, count: 0 };
  }
  return new Promise((resolve) => {
    let failure: string | undefined;
    const runner = mocha.run(() => resolve({ failure, count: runner.stats?.passes ?? 0 }));
    runner.on('fail', (test) => {
      failure ??= test.fullTitle();
    });
  });
}

process.on('message', (trial: Trial) => {
  run(trial).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ failure: `does not run: ${String(error)}`, count: 0 } satisfies Outcome),
  );
});
process.on('disconnect', () => process.exit());
// What a broken rule leaves behind after its trial is not held against the next one: the process is replaced after a failure of this kind.
process.on('unhandledRejection', (error) => {
  throw error;
});
