/** A crash starts the service again, a refusal does not unless it follows a crash; signals go in and exit codes come out. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runLauncher } from '../src/launcher.ts';
import type { LauncherOptions, ServiceProcess } from '../src/launcher.ts';
import { VirtualClock } from './kit/virtual-clock.ts';

type StopSignal = Parameters<NonNullable<LauncherOptions['signals']>['on']>[0];

const benches: Bench[] = [];

/** A launcher in virtual time, over services that end when the test says so. */
class Bench {
  readonly clock = new VirtualClock();
  /** Monotonic times of the starts, from the first. */
  readonly starts: number[] = [];
  readonly argv: string[][] = [];
  readonly killed: string[] = [];
  readonly said: string[] = [];
  readonly result: Promise<number>;
  readonly #began = this.clock.monotonic();
  readonly #listeners = new Map<StopSignal, () => void>();
  #exit: Parameters<ServiceProcess['onExit']>[0] | undefined;
  #holds: (() => void) | undefined;
  /** Set to make the next start fail. */
  refuseStart = false;

  constructor(argv: readonly string[] = ['start']) {
    benches.push(this);
    const say = (_fields: object, message: string) => void this.said.push(message);
    this.result = runLauncher({
      argv,
      log: { debug: say, info: say, warn: say, error: say },
      shutdownBudgetMs: 5_000,
      clock: this.clock,
      signals: { on: (name, listener) => this.#listeners.set(name, listener), off: (name) => this.#listeners.delete(name) },
      startService: (args) => {
        this.starts.push(this.clock.monotonic() - this.#began);
        this.argv.push([...args]);
        if (this.refuseStart) throw new Error('EAGAIN');
        return { kill: (signal) => void this.killed.push(signal), onExit: (listener) => (this.#exit = listener), onHolds: (listener) => (this.#holds = listener) };
      },
    });
  }

  pass(ms: number): void {
    const until = this.clock.now() + ms;
    while (this.clock.fireNext(until));
    this.clock.moveTo(until);
  }
  exit(code: number | null, signal: string | null = null): void {
    this.#exit?.(code, signal);
  }
  holds(): void {
    this.#holds?.();
  }
  signal(name: StopSignal): void {
    this.#listeners.get(name)?.();
  }
  /** Whatever it waits for: stopped, and its service gone. */
  end(): void {
    this.signal('SIGTERM');
    this.exit(0);
  }
  get listening(): number {
    return this.#listeners.size;
  }
}

describe('launcher', () => {
  afterEach(() => benches.splice(0).forEach((bench) => bench.end()));

  it('starts the service with the same arguments and --no-launcher', async () => {
    const bench = new Bench(['start', '--set', 'trading.leverage=5']);
    expect(bench.argv).to.deep.equal([['start', '--set', 'trading.leverage=5', '--no-launcher']]);
    bench.exit(0);
    expect(await bench.result).to.equal(0);
  });

  for (const code of [0, 2, 4]) {
    it(`passes exit code ${code} on and starts nothing again`, async () => {
      const bench = new Bench();
      bench.exit(code);
      bench.pass(3_600_000);
      expect(await bench.result).to.equal(code);
      expect(bench.starts).to.have.length(1);
      expect(bench.listening).to.equal(0);
    });
  }

  for (const [what, code, signal] of [['exit code 1', 1, null], ['exit code 70', 70, null], ['exit code 75: the gateway is down', 75, null], ['SIGKILL', null, 'SIGKILL'], ['SIGSEGV', null, 'SIGSEGV']] as const) {
    it(`starts the service again after ${what}`, () => {
      const bench = new Bench();
      bench.exit(code, signal);
      expect(bench.starts).to.have.length(1);
      bench.pass(1_000);
      expect(bench.starts).to.deep.equal([0, 1_000]);
    });
  }

  it('waits twice as long each time, up to ten seconds: a crash in the middle of an opening may have left a position without a stop', () => {
    const bench = new Bench();
    const waits = [1, 2, 4, 8, 10, 10, 10].map((seconds) => seconds * 1_000);
    for (const wait of waits) {
      bench.exit(null, 'SIGKILL');
      bench.pass(wait);
    }
    const starts = waits.reduce<number[]>((times, wait) => [...times, times.at(-1)! + wait], [0]);
    expect(bench.starts).to.deep.equal(starts);
  });

  it('passes on at the first start that the journal\'s store is away: a person hears it', async () => {
    const bench = new Bench();
    bench.exit(69);
    bench.pass(60_000);
    expect(await bench.result).to.equal(69);
    expect(bench.starts).to.have.length(1);
  });

  it('tries for ever and loudly when the store is away after a crash, without using up the budget', () => {
    const bench = new Bench();
    bench.exit(null, 'SIGKILL');
    bench.pass(1_000);
    for (let attempt = 0; attempt < 50; attempt++) {
      bench.exit(69);
      bench.pass(5_000);
    }
    expect(bench.starts).to.have.length(52);
    expect(bench.said.filter((line) => line.includes('is away'))).to.have.length(50);
    // The store is back, and the next crash is the second one.
    bench.exit(70);
    bench.pass(2_000);
    expect(bench.starts).to.have.length(53);
  });

  it('tells a start after a crash that it is one, when the service had its place before', () => {
    const bench = new Bench();
    bench.exit(70);
    bench.pass(1_000);
    expect(bench.argv.at(-1), 'it had come to nothing').to.deep.equal(['start', '--no-launcher']);
    bench.holds();
    bench.exit(70);
    for (const wait of [2_000, 4_000]) {
      bench.pass(wait);
      expect(bench.argv.at(-1)).to.deep.equal(['start', '--no-launcher', '--after-crash']);
      bench.exit(69);
    }
  });

  it('starts again after a refusal that follows a crash, as after another crash, and says so each time: what is open needs its exits', async () => {
    const bench = new Bench();
    bench.holds();
    bench.exit(null, 'SIGKILL');
    bench.pass(1_000);
    for (const wait of [2_000, 4_000, 8_000, ...Array.from({ length: 6 }, () => 10_000), 30_000, 30_000]) {
      const before = bench.starts.length;
      bench.exit(78);
      bench.pass(wait - 1);
      expect(bench.starts, 'not sooner').to.have.length(before);
      bench.pass(1);
      expect(bench.starts).to.have.length(before + 1);
    }
    expect(bench.said.filter((line) => line.includes('was refused'))).to.have.length(11);
    // Another one has the place.
    bench.exit(2);
    expect(await bench.result).to.equal(2);
  });

  it('never gives up: after ten restarts in ten minutes it starts every 30 s and says so each time, and after ten quiet minutes with short waits', () => {
    const bench = new Bench();
    for (let crash = 0; crash < 10; crash++) {
      bench.exit(1);
      bench.pass(10_000);
    }
    expect(bench.starts).to.have.length(11);
    for (let crash = 0; crash < 5; crash++) {
      bench.exit(null, 'SIGKILL');
      bench.pass(29_999);
      expect(bench.starts, 'not sooner').to.have.length(11 + crash);
      bench.pass(1);
      expect(bench.starts).to.have.length(12 + crash);
    }
    expect(bench.said.filter((line) => line.includes('budget') && line.includes('for ever'))).to.have.length(5);
    bench.pass(600_000);
    bench.exit(1);
    bench.pass(1_000);
    expect(bench.starts).to.have.length(17);
  });

  it('begins with short waits again after a minute up', () => {
    const bench = new Bench();
    for (const wait of [1_000, 2_000, 4_000]) {
      bench.exit(1);
      bench.pass(wait);
    }
    bench.pass(60_000);
    const before = bench.starts.length;
    bench.exit(1);
    bench.pass(1_000);
    expect(bench.starts).to.have.length(before + 1);
  });

  it('counts a start that fails as a crash', () => {
    const bench = new Bench();
    bench.refuseStart = true;
    bench.exit(1);
    bench.pass(1_000);
    expect(bench.starts).to.deep.equal([0, 1_000]);
    bench.pass(2_000);
    expect(bench.starts).to.deep.equal([0, 1_000, 3_000]);
  });

  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`forwards ${name} and returns the service's exit code, whatever it is`, async () => {
      const bench = new Bench();
      bench.signal(name);
      expect(bench.killed).to.deep.equal([name]);
      bench.exit(1);
      expect(await bench.result).to.equal(1);
      expect(bench.starts).to.have.length(1);
    });
  }

  it('forwards repeats only after two seconds', () => {
    const bench = new Bench();
    bench.signal('SIGINT');
    bench.pass(1_999);
    bench.signal('SIGINT');
    bench.signal('SIGTERM');
    expect(bench.killed).to.deep.equal(['SIGINT']);
    bench.pass(1);
    bench.signal('SIGTERM');
    expect(bench.killed).to.deep.equal(['SIGINT', 'SIGTERM']);
  });

  it('kills a service that does not stop within its budget and three seconds, says so, and ends with 1', async () => {
    const bench = new Bench();
    bench.signal('SIGTERM');
    bench.pass(7_999);
    expect(bench.killed).to.deep.equal(['SIGTERM']);
    bench.pass(1);
    expect(bench.killed).to.deep.equal(['SIGTERM', 'SIGKILL']);
    bench.exit(null, 'SIGKILL');
    expect(await bench.result).to.equal(1);
    expect(bench.said.at(-1)).to.include('did not stop in time');
  });

  it('asked to stop between two starts, starts nothing more and ends as the service did', async () => {
    const bench = new Bench();
    bench.exit(75);
    bench.signal('SIGTERM');
    bench.pass(3_600_000);
    expect(await bench.result).to.equal(75);
    expect(bench.starts).to.have.length(1);
  });

  describe('with real processes', () => {
    let launcher: ChildProcessByStdio<null, Readable, null>;
    let lines: AsyncIterator<string>;
    const pids = new Set<number>();

    beforeEach(() => {
      launcher = spawn(process.execPath, [fileURLToPath(new URL('./launcher.child.ts', import.meta.url)), 'start', '--x'], { stdio: ['ignore', 'pipe', 'inherit'] });
      lines = createInterface(launcher.stdout)[Symbol.asyncIterator]();
    });
    afterEach(() => {
      launcher.kill('SIGKILL');
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Ended as it should have.
        }
      }
      pids.clear();
    });

    const line = async (): Promise<string> => String((await lines.next()).value);
    const up = async (afterCrash = false): Promise<number> => {
      const [, pid, args] = /^up (\d+) (.*)$/.exec(await line()) ?? [];
      expect(args).to.equal(`start --x --no-launcher${afterCrash ? ' --after-crash' : ''}`);
      pids.add(Number(pid));
      return Number(pid);
    };

    it('one SIGTERM arrives once, and exit code 7 comes back', async () => {
      await up();
      launcher.kill('SIGTERM');
      expect(await line()).to.equal('signal SIGTERM');
      const rest = line();
      expect((await once(launcher, 'exit'))[0]).to.equal(7);
      expect(await rest).to.equal('undefined');
    });

    it('a service killed by -9 is up again, as another process', async () => {
      const first = await up();
      process.kill(first, 'SIGKILL');
      expect(await line()).to.include('crashed');
      expect(await up(true)).not.to.equal(first);
    });

    it('a launcher killed by -9 is noticed by the service, which can end in order', async () => {
      await up();
      launcher.kill('SIGKILL');
      expect(await line()).to.equal('launcher gone');
      // The end of its output is the end of the service.
      expect((await lines.next()).done).to.equal(true);
    });
  });
});
