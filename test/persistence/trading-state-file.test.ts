/** The trading state beside the journal: what is read back is what was written last, whole, whatever the disk did in between. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DurableTradingState } from '../../src/persistence/port.ts';
import { tradingStateFile } from '../../src/persistence/trading-state-file.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { TradingStateName } from '../../src/protocol/views.ts';
import { refusedNow } from './refusal.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

const MODULE = new URL('../../src/persistence/trading-state-file.ts', import.meta.url).href;
const state = (overall: TradingStateName, symbols: readonly string[] = []): DurableTradingState => ({ overall, symbols: new Map(symbols.map((symbol) => [symbol as SymbolName, 'HALTED'])), cause: 'a test (operator)', since: 1_770_000_000_000 });

describe('the file of the trading state', () => {
  let path = '';
  beforeEach(() => (path = join(temporaryDirectory(), 'trading-state')));
  afterEach(removeTemporary);

  it('brings back what was written last, Unicode symbols too, private, and nothing before anything was', () => {
    const file = tradingStateFile(path);
    expect(file.read()).to.equal(undefined);
    file.write(state('ACTIVE'));
    file.write(state('REDUCING', ['币安人生USDT', 'GPSUSDT']));
    expect(file.read()).to.deep.equal(state('REDUCING', ['币安人生USDT', 'GPSUSDT']));
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(existsSync(`${path}.next`)).to.equal(false);
  });

  it('refuses one that is none, naming file and remedy, and takes the remedy', async () => {
    for (const content of ['', '{"overall":"HALT', '{"overall":"SLEEPING","symbols":{},"cause":"x","since":0}']) {
      writeFileSync(path, content);
      const { message } = await refusedNow(() => tradingStateFile(path).read(), 'JOURNAL_CORRUPT', path, 'is not a trading state');
      writeFileSync(path, /write (\{.*\}) into it/.exec(message)![1]!);
      expect(tradingStateFile(path).read()).to.include({ overall: 'HALTED' });
    }
  });

  it('keeps the old content when there is room for a part of the new one only', function () {
    const many = Array.from({ length: 400 }, (_, index) => `SYMBOL${index}USDT`);
    tradingStateFile(path).write(state('HALTED', ['GPSUSDT']));
    // The system takes 4,096 bytes of a file and no more, as a disk on which one block is left.
    const script = `import { tradingStateFile } from ${JSON.stringify(MODULE)};
      try { tradingStateFile(process.argv[1]).write({ overall: 'HALTED', symbols: new Map(${JSON.stringify(many)}.map((symbol) => [symbol, 'HALTED'])), cause: '', since: 0 }); console.log('written'); }
      catch (error) { console.log(error.code); }`;
    const child = spawnSync('bash', ['-c', 'trap "" XFSZ; ulimit -f 4 && exec "$0" --input-type=module -e "$1" "$2"', process.execPath, script, path], { encoding: 'utf8' });
    expect(child.stdout, child.stderr).to.equal('EFBIG\n');
    expect(readFileSync(path, 'utf8')).to.include('GPSUSDT');
    expect(tradingStateFile(path).read()).to.deep.equal(state('HALTED', ['GPSUSDT']));
  });

  it('leaves nothing open when it cannot be written: it is tried again every second', function () {
    if (!existsSync('/dev/full') || !existsSync('/proc/self/fd')) return this.skip();
    symlinkSync('/dev/full', `${path}.next`);
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let time = 1; time <= 20; time++) expect(() => tradingStateFile(path).write(state('HALTED'))).to.throw('ENOSPC');
    expect(open()).to.equal(before);
  });
});
