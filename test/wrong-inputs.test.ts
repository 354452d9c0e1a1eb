/** What is wrong is said: which value of which field, and what to do; the exit code is 2, nothing is lost, and nothing is tried again and again. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { useSandbox } from './kit/service.ts';
import type { Child } from './kit/service.ts';

/** A refusal that needs the venue first (a symbol it does not list) takes the start of the paper exchange, on a crowded machine many seconds. */
const REFUSED_WITHIN_MS = 30_000;

/** Every file of a directory with what is in it; locks and who held them are nobody's loss. */
function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(dir, name)).isFile() && !/(^|\/)(lock\.db|instance\.json)/.test(name));
  return Object.fromEntries(files.toSorted().map((name) => [name, createHash('sha256').update(readFileSync(join(dir, name))).digest('hex')]));
}

describe('wrong inputs', function () {
  this.timeout(40_000);
  const box = useSandbox();

  /** Through the launcher, as a user starts it. */
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Child => box.vigil(['start', '--set', 'log.format=json', ...(args.some((arg) => arg.startsWith('operator.http.listen')) ? [] : ['--set', 'operator.http.listen=off']), ...args], { env });

  /** Exit code 2 at once, the message on stderr, no stack, and one start only. */
  function refused(child: Child, ...says: readonly (string | RegExp)[]): Promise<void> {
    return endedWith(2, child, ...says);
  }

  async function endedWith(code: number, child: Child, ...says: readonly (string | RegExp)[]): Promise<void> {
    const exit = await child.end(REFUSED_WITHIN_MS);
    expect(exit, child.said).to.deep.equal({ code, signal: null });
    for (const text of says) expect(child.stderr).to.match(typeof text === 'string' ? new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)) : text);
    expect(child.stderr, 'a stack trace').to.not.match(/\n\s+at .*(\.ts|node:)/);
    expect(child.stdout + child.stderr, 'started again').to.not.match(/starting it again/);
    expect(child.stderr.split('\n').filter((line) => line.startsWith('vigil: ')), 'times told').to.have.length(1);
  }

  const fresh = () => ['--data-dir', box.newDir()];

  describe('settings', () => {
    it('a misspelt key in a file: named with its place and the key that was meant', async () => {
      mkdirSync(box.dir, { recursive: true });
      const file = join(box.dir, 'misspelt.yaml');
      writeFileSync(file, 'log:\n  level: info\ntrading:\n  leverag: 5\n');
      await refused(start(['--config', file, ...fresh()]), 'trading.leverag', 'misspelt.yaml:4', 'trading.leverage');
    });

    it('a misspelt key in the environment', () => refused(start(fresh(), { VIGIL_TRADING__LEVERAG: '5' }), 'VIGIL_TRADING__LEVERAG', 'VIGIL_TRADING__LEVERAGE'));

    it('a misspelt key in --set', () => refused(start(['--set', 'trading.leverag=5', ...fresh()]), 'trading.leverag', '--set', 'trading.leverage'));

    it('three wrong values in three places: all of them at once, each with field, value and place', () =>
      refused(start(['--set', 'trading.leverage=many', '--set', 'trading.notional=-5', ...fresh()], { VIGIL_GENERATOR__CYCLEMS: '0.5' }), '3 faults', /trading\.leverage = "many" \(--set\): expected .*1.*125/, /trading\.notional = .*-5.* \(--set\): expected/, /generator\.cycleMs = .*0\.5.* \(VIGIL_GENERATOR__CYCLEMS\): expected/));

    it('a file that is not there, and one that is not YAML', async () => {
      await refused(start(['--config', join(box.dir, 'absent.yaml'), ...fresh()]), 'absent.yaml', /cannot be read/);
      const file = join(box.dir, 'torn.yaml');
      writeFileSync(file, 'trading: {leverage: 5\n');
      await refused(start(['--config', file, ...fresh()]), 'torn.yaml', /is not YAML/);
    });

    it('the main venue, chosen but not armed: one setting alone never trades real money', () => refused(start(['--set', 'venue.mode=mainnet', ...fresh()]), 'venue.armed', 'real money'));
  });

  describe('symbols (ruling 25)', () => {
    const policy = (...symbols: readonly string[]): readonly string[] => {
      const file = join(box.dir, `policy-${symbols.join('-')}.yaml`);
      writeFileSync(file, `symbols: [${symbols.join(', ')}]\n`);
      return ['--set', `universe.policy=${file}`];
    };

    it('TRADING_SYMBOLS with a symbol outside the policy', () => refused(start(fresh(), { TRADING_SYMBOLS: 'GPSUSDT,BTCUSDT' }), 'BTCUSDT', /policy/));

    it('TRADING_SYMBOLS with a symbol that the venue does not list', () => refused(start([...policy('GPSUSDT', 'NOSUCHUSDT'), ...fresh()], { TRADING_SYMBOLS: 'GPSUSDT,NOSUCHUSDT' }), 'NOSUCHUSDT', /venue/));

    it('a policy of which the venue lists nothing: an empty universe refuses to start, with the reason of each symbol', () => refused(start([...policy('NOSUCHUSDT', 'NEITHERUSDT'), ...fresh()]), 'NOSUCHUSDT', 'NEITHERUSDT', /UNIVERSE_EMPTY/));

    it('the same symbol twice, and none at all', async () => {
      await refused(start(fresh(), { TRADING_SYMBOLS: 'GPSUSDT,GPSUSDT' }), 'TRADING_SYMBOLS', 'GPSUSDT');
      await refused(start(['--set', 'universe.symbols=[]', ...fresh()]), 'universe.symbols');
    });
  });

  describe('places', () => {
    it('a data directory that cannot be made: a path below a file', async () => {
      const file = join(box.dir, 'file');
      writeFileSync(file, 'precious');
      await refused(start(['--data-dir', join(file, 'var')]), 'DATA_DIR_UNWRITABLE', join(file, 'var'));
      expect(readFileSync(file, 'utf8')).to.equal('precious');
    });

    for (const { setting, says } of [
      { setting: 'operator.http.listen', says: /PORT_TAKEN[^]*operator\.http\.listen/ },
      { setting: 'paper.listen', says: /PORT_TAKEN: paper\.listen: the paper exchange cannot listen/ },
    ]) {
      it(`a taken port for ${setting}`, async () => {
        const holder = createServer().listen(0, '127.0.0.1');
        try {
          await new Promise((resolve) => holder.once('listening', resolve));
          const { port } = holder.address() as { port: number };
          await refused(start(['--set', `${setting}=127.0.0.1:${port}`, ...fresh()]), says, `127.0.0.1:${port}`);
        } finally {
          holder.close();
        }
      });
    }
  });

  describe('a data directory with a past', () => {
    let past: string;
    /** A copy of it, to be spoiled. */
    const copy = (but = /\.sock$|instance-home$/) => {
      const dir = box.newDir();
      cpSync(past, dir, { recursive: true, filter: (source) => !but.test(source) });
      return dir;
    };
    /** Refused, with every file as it was, the spoiled one too. */
    const refusedUntouched = async (dir: string, ...says: readonly (string | RegExp)[]) => {
      const before = contents(dir);
      await refused(start(['--data-dir', dir]), ...says);
      expect(contents(dir)).to.deep.equal(before);
    };

    it('a second instance on the same directory is refused with the pid of the first, which trades on', async () => {
      past = box.newDir();
      const first = box.service({ dataDir: past, sets: ['universe.symbols=[GPSUSDT]'] });
      await first.protectedOnes(['GPSUSDT']);
      await refused(start(['--data-dir', past]), 'INSTANCE_RUNNING', String(first.process.pid), '--data-dir');
      await first.well();
      await first.protectedOnes(['GPSUSDT']);
      expect(await first.stop()).to.deep.equal({ code: 0, signal: null });
    });

    it('a journal of garbage', () => {
      const dir = copy();
      for (const name of ['journal.db-wal', 'journal.db-shm']) rmSync(join(dir, name), { force: true });
      writeFileSync(join(dir, 'journal.db'), 'this is no database, and never was one\n'.repeat(200));
      return refusedUntouched(dir, 'JOURNAL_CORRUPT', join(dir, 'journal.db'));
    });

    it('a journal with a flipped byte in an entry, which SQLite itself would not notice', () => {
      const dir = copy();
      const file = join(dir, 'journal.db');
      const bytes = readFileSync(file);
      // SQLite may keep a stale copy of a row on a page: all copies are changed alike, so that the living one is among them.
      const positions = [...bytes.toString('latin1').matchAll(/"LONG"/g)].map(({ index }) => index + 1);
      expect(positions).to.not.deep.equal([]);
      for (const at of positions) bytes[at] = 'l'.charCodeAt(0);
      writeFileSync(file, bytes);
      return refusedUntouched(dir, 'JOURNAL_CORRUPT', file, /checksum/);
    });

    it('the database of another program', () => {
      const dir = copy();
      const file = join(dir, 'journal.db');
      rmSync(file);
      const db = new DatabaseSync(file);
      db.exec('CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES (\'soup\')');
      db.close();
      return refusedUntouched(dir, 'JOURNAL_FOREIGN', file);
    });

    it('a journal that has vanished beside its head', () => {
      const dir = copy();
      rmSync(join(dir, 'journal.db'));
      return refusedUntouched(dir, 'JOURNAL_CORRUPT', 'journal.db-head');
    });

    it('an instance tag that is none: without it our own orders could not be told from foreign ones (ruling 26)', async () => {
      const dir = copy();
      writeFileSync(join(dir, 'instance-tag'), '???\n');
      await refused(start(['--data-dir', dir]), join(dir, 'instance-tag'), '"???"');
      expect(readFileSync(join(dir, 'instance-tag'), 'utf8')).to.equal('???\n');
    });

    it('a journal that cannot be opened may be one whose disk is full: 69, which after a crash is tried again', async () => {
      const dir = copy();
      rmSync(join(dir, 'journal.db'));
      mkdirSync(join(dir, 'journal.db'));
      await endedWith(69, start(['--data-dir', dir]), 'JOURNAL_UNAVAILABLE', join(dir, 'journal.db'));
    });

    it('a copy beside its original: both would send each order, under the same id', async () => {
      const dir = copy(/\.sock$/);
      await refused(start(['--data-dir', dir]), 'DATA_DIR_COPIED', dir, past);
    });

    it('a paper exchange whose state is garbage', () => {
      const dir = copy();
      const state = readdirSync(join(dir, 'paper')).find((name) => name.endsWith('.db') && name !== 'lock.db')!;
      for (const name of readdirSync(join(dir, 'paper')).filter((one) => /-(wal|shm)$/.test(one))) rmSync(join(dir, 'paper', name));
      writeFileSync(join(dir, 'paper', state), 'no exchange'.repeat(1_000));
      const before = contents(join(dir, 'paper'));
      return refused(start(['--data-dir', dir]), join(dir, 'paper', state), /untouched|left as/).then(() => expect(contents(join(dir, 'paper'))).to.deep.equal(before));
    });

    it('after all that, the directory itself starts, and finds its position', async () => {
      const service = box.service({ dataDir: past, sets: ['universe.symbols=[GPSUSDT]'] });
      await service.protectedOnes(['GPSUSDT']);
      await service.well();
      expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
    });
  });

  describe('the command line', () => {
    for (const { what, args, says } of [
      { what: 'an unknown command', args: ['strat'], says: /unknown command 'strat'/ },
      { what: 'an unknown option', args: ['start', '--no-launchr'], says: /unknown option '--no-launchr'/ },
      { what: 'an option without its value', args: ['start', '--data-dir'], says: /argument missing/ },
      { what: 'an operand too many', args: ['start', 'now'], says: /too many arguments/ },
      { what: 'a --set without a value', args: ['start', '--set', 'trading.leverage'], says: /path=value/ },
      { what: 'an address that is none', args: ['paper', '--listen', 'here'], says: /here.*HOST:PORT/ },
      { what: 'a speed that is none', args: ['paper', '--speed', 'fast', '--listen', '127.0.0.1:0'], says: /--speed fast/ },
      { what: 'a halt without a reason', args: ['halt'], says: /--reason/ },
    ]) {
      it(`${what}: exit code 2, and what was meant`, async () => {
        const child = box.vigil(args);
        expect(await child.end(REFUSED_WITHIN_MS), child.said).to.deep.equal({ code: 2, signal: null });
        expect(child.stderr).to.match(says).and.not.match(/\n\s+at .*(\.ts|node:)/);
      });
    }

    it('commands where no service runs: exit code 3, naming the socket', async () => {
      const dir = box.newDir();
      const commands = [['health'], ['tree'], ['positions'], ['funnel'], ['inspect', 'bridge'], ['kill', 'bridge'], ['halt', '--reason', 'test'], ['stop']].map((args) => box.vigil([...args, '--data-dir', dir]));
      for (const child of commands) {
        expect(await child.end(REFUSED_WITHIN_MS), child.said).to.deep.equal({ code: 3, signal: null });
        expect(child.stderr).to.contain(join(dir, 'vigil.sock')).and.not.match(/\n\s+at .*(\.ts|node:)/);
      }
    });
  });
});
