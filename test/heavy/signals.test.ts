/** However the service is told to end, or is ended: in order where it can be, exit 0 within 5 s, stops left on the exchange, and found again (ruling 30). */
import { expect } from 'chai';
import { eventually, isAlive, ROOT, Service, useSandbox } from '../kit/service.ts';
import type { Child, PositionRow } from '../kit/service.ts';

const SYMBOLS = ['GPSUSDT', '币安人生USDT'];
const STOP_WITHIN_MS = 5_000;
const SETS = [`universe.symbols=[${SYMBOLS.join(', ')}]`, 'generator.cycleMs=60000'];

const essence = (rows: readonly PositionRow[]) => rows.map(({ symbol, side, quantity, entryPrice, stopOrderId, takeProfitOrderId }) => ({ symbol, side, quantity, entryPrice, stopOrderId, takeProfitOrderId }));

describe('signals', function () {
  this.timeout(60_000);
  const box = useSandbox();
  let dataDir: string;
  let held: ReturnType<typeof essence> | undefined;

  /** Waits for the positions; from the second start on they are those of the first. */
  async function up(service: Service): Promise<{ readonly service: Service; readonly pid: number; readonly paper: number }> {
    await service.answers();
    const rows = essence(await service.protectedOnes(SYMBOLS));
    held ??= rows;
    expect(rows, 'positions found again').to.deep.equal(held);
    const { pid } = await service.get('/v1/health');
    return { service, pid, paper: (await service.actor('paper')).state.pid };
  }

  const start = (launcher: boolean) => up(box.service({ dataDir: (dataDir ??= box.newDir()), sets: SETS, launcher }));

  /** Exit 0 in time; what stays open is said once, with its stops; nobody is left, not as a zombie either. */
  async function endsInOrder(child: Child, pids: readonly number[], send: () => void): Promise<void> {
    const begun = performance.now();
    send();
    expect(await child.end(), child.said).to.deep.equal({ code: 0, signal: null });
    expect(performance.now() - begun, 'time to stop').to.be.below(STOP_WITHIN_MS);
    const said = child.stdout + child.stderr;
    expect(said.match(/Still open: 2 positions/g), child.said).to.have.length(1);
    for (const { symbol, stopOrderId } of held!) expect(said).to.match(new RegExp(`${symbol} .*stop [0-9.]+ \\(${stopOrderId}\\)`));
    expect(pids.filter(isAlive), 'still alive').to.deep.equal([]);
    expect(box.processes(), 'left over').to.deep.equal([]);
  }

  for (const signals of [['SIGINT'], ['SIGTERM'], ['SIGINT', 'SIGINT'], ['SIGTERM', 'SIGINT', 'SIGHUP']] as const) {
    it(`${signals.join(', ')} to the bare service`, async () => {
      const { service, pid, paper } = await start(false);
      expect(pid, 'one process').to.equal(service.process.pid);
      await endsInOrder(service.process, [pid, paper], () => {
        for (const signal of signals) service.process.kill(signal);
      });
    });
  }

  it('SIGTERM while it starts, before anything is known', async () => {
    const service = box.service({ dataDir, sets: SETS });
    await service.process.heard('its first words', ({ log }) => log.find((line) => String(line.msg).includes('starts')));
    const begun = performance.now();
    expect(await service.stop('SIGTERM')).to.deep.equal({ code: 0, signal: null });
    expect(performance.now() - begun).to.be.below(STOP_WITHIN_MS);
    const said = service.process.stdout + service.process.stderr;
    expect(said, 'positions it has not looked at are not called flat').to.not.contain('Nothing is open');
    for (const symbol of SYMBOLS) expect(said).to.match(new RegExp(`(Not known:|Still open)[^]*${symbol}`));
    await eventually('its paper exchange is gone', () => box.processes().length === 0, STOP_WITHIN_MS);
  });

  for (const { to, signal, send } of [
    { to: 'the launcher', signal: 'SIGINT', send: (child: Child, signal: NodeJS.Signals) => child.kill(signal) },
    { to: 'the launcher', signal: 'SIGTERM', send: (child: Child, signal: NodeJS.Signals) => child.kill(signal) },
    { to: 'the whole group, as Ctrl-C does', signal: 'SIGINT', send: (child: Child, signal: NodeJS.Signals) => child.killGroup(signal) },
    { to: 'the whole group, twice', signal: 'SIGTERM', send: (child: Child, signal: NodeJS.Signals) => [1, 2].forEach(() => child.killGroup(signal)) },
  ] as const) {
    it(`${signal} to ${to}`, async () => {
      const { service, pid, paper } = await start(true);
      expect(pid, 'a launcher above the service').to.not.equal(service.process.pid);
      await endsInOrder(service.process, [pid, paper], () => send(service.process, signal));
    });
  }

  for (const { to, signal, send } of [
    { to: 'npm', signal: 'SIGINT', send: (child: Child) => child.kill('SIGINT') },
    { to: 'npm', signal: 'SIGTERM', send: (child: Child) => child.kill('SIGTERM') },
    { to: 'the group of npm, as Ctrl-C does', signal: 'SIGINT', send: (child: Child) => child.killGroup('SIGINT') },
  ] as const) {
    it(`npm start, and ${signal} to ${to}`, async () => {
      const settings = ['log.format=json', 'operator.http.listen=off', ...SETS].flatMap((set) => ['--set', set]);
      const npm = box.run('npm', ['start', '--', '--data-dir', dataDir, ...settings], { cwd: ROOT });
      const { pid, paper } = await up(new Service(npm, dataDir));
      await endsInOrder(npm, [pid, paper], () => send(npm));
    });
  }

  it('kill -9 of the service: the launcher starts it again, and it finds its positions (ruling 28)', async () => {
    const { service, pid } = await start(true);
    process.kill(pid, 'SIGKILL');
    const again = await eventually('another process answers', async () => {
      const health = await service.get('/v1/health');
      return health.pid !== pid && health;
    });
    const now = await up(service);
    expect(now.pid).to.equal(again.pid);
    await service.well();
    await endsInOrder(service.process, [pid, now.pid, now.paper], () => service.process.kill('SIGTERM'));
  });

  it('kill -9 of the launcher: the service stops in order, and leaves nobody behind', async () => {
    const { service, pid, paper } = await start(true);
    service.process.kill('SIGKILL');
    expect(await service.process.end()).to.deep.equal({ code: null, signal: 'SIGKILL' });
    await eventually('service and paper exchange are gone', () => !isAlive(pid) && !isAlive(paper), STOP_WITHIN_MS);
    await eventually('it said what stays open', () => (service.process.stdout + service.process.stderr).includes('Still open: 2 positions'), 1_000);
  });

  it('kill -9 of the bare service: its paper exchange goes too, and both come back with the positions', async () => {
    const first = await start(false);
    await first.service.process.die();
    await eventually('the paper exchange has ended with its pipe', () => !isAlive(first.paper), STOP_WITHIN_MS);
    const { service, pid, paper } = await start(false);
    await endsInOrder(service.process, [pid, paper], () => service.process.kill('SIGTERM'));
  });

  it('kill -9 of the paper exchange: it is started again on its state, under the positions as they were', async () => {
    const { service, pid, paper } = await start(false);
    process.kill(paper, 'SIGKILL');
    const next = await eventually('another paper exchange', async () => {
      const { status, state } = await service.actor('paper');
      return status === 'running' && state.pid !== paper && (state.pid as number);
    });
    await service.well(30_000);
    expect(essence(await service.protectedOnes(SYMBOLS))).to.deep.equal(held);
    await endsInOrder(service.process, [pid, paper, next], () => service.process.kill('SIGTERM'));
  });

  it('`vigil stop` ends it as a signal does, and returns when it has gone', async () => {
    const { service, pid, paper } = await start(true);
    const stop = box.vigil(['stop', '--data-dir', dataDir, '--reason', 'test']);
    expect(await stop.end(), stop.said).to.deep.equal({ code: 0, signal: null });
    for (const symbol of SYMBOLS) expect(stop.stdout).to.contain(symbol);
    await endsInOrder(service.process, [pid, paper], () => {});
  });
});
