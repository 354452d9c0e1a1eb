/** `vigil flatten --offline`: with the service dead everything is closed under its own journal and place, and what is said is what the venue shows. */
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { audit, journalOf, settled, started } from '../kit/main-job.ts';
import { eventually, useSandbox } from '../kit/service.ts';
import type { Exit, Json, Paper } from '../kit/service.ts';

const [GPS, HYPE] = ['GPSUSDT', 'HYPEUSDT'];

describe('flatten --offline', function () {
  this.timeout(180_000);
  const box = useSandbox();

  async function flatten(dataDir: string, paper: Paper, ...args: string[]): Promise<{ readonly exit: Exit; readonly out: string; readonly err: string }> {
    const child = box.vigil(['flatten', '--offline', '--reason', 'enough', '--data-dir', dataDir, '--set', `venue.paper.url=${paper.url}`, '--set', `universe.symbols=[${GPS}, ${HYPE}]`, '--set', 'log.level=warn', ...args]);
    const exit = await child.end(80_000);
    // Who does not run is told nothing.
    expect(child.stderr).to.not.include('unknown-ref');
    return { exit, out: child.stdout, err: child.stderr };
  }
  const code = (value: number): Exit => ({ code: value, signal: null });

  it('is refused while the service lives; with it dead closes everything, on record, and says what the venue shows; the next start opens nothing', async () => {
    const paper = await box.paper();
    const service = started(box, paper, [GPS!, HYPE!]);
    await settled(service, paper, [GPS!, HYPE!]);
    const refused = await flatten(service.dataDir, paper);
    expect(refused.exit).to.deep.equal(code(4));
    expect(refused.err).to.include('INSTANCE_RUNNING').and.include('The service lives');
    expect((await paper.truth()).positions).to.have.length(2);

    await service.process.die();
    const typo = await flatten(service.dataDir, paper, 'GPSUSD');
    expect(typo.exit).to.deep.equal(code(2));
    expect(typo.err).to.include('SYMBOL_UNKNOWN').and.include('"GPSUSD"');
    expect((await paper.truth()).positions).to.have.length(2);

    const one = await flatten(service.dataDir, paper, HYPE!, '--json');
    expect(one.exit, one.err).to.deep.equal(code(0));
    const report = JSON.parse(one.out) as Json;
    expect(report).to.deep.include({ ordersGone: 2, remaining: [], ordersLeft: [], foreignOrders: 0, symbols: HYPE, unknown: null });
    expect(report.closed.map((row: Json) => row.symbol)).to.deep.equal([HYPE]);
    expect((await paper.truth()).positions.map((row) => row.symbol)).to.deep.equal([GPS]);

    const all = await flatten(service.dataDir, paper);
    expect(all.exit, all.err).to.deep.equal(code(0));
    expect(all.out).to.match(/^Closed, and the venue shows it flat: GPSUSDT LONG \d+\nOrders of this instance that stood before and are gone: 2\nThe account is flat/);
    const truth = await paper.truth();
    expect([truth.positions, truth.openOrders, truth.openAlgoOrders]).to.deep.equal([[], [], []]);
    for (const symbol of [GPS!, HYPE!]) {
      const types = journalOf(service.dataDir, symbol).map((entry) => entry.type);
      expect(types.filter((type) => type === 'CloseRequested' || type === 'PositionClosed'), symbol).to.deep.equal(['CloseRequested', 'PositionClosed']);
    }
    expect(journalOf(service.dataDir).filter((entry) => entry.type === 'OperatorActed').map((entry) => entry.payload.reason)).to.deep.equal(['enough (offline)', 'enough (offline)']);
    audit(service.dataDir, truth);

    const again = await flatten(service.dataDir, paper);
    expect(again.exit).to.deep.equal(code(0));
    expect(again.out).to.match(/^Closed nothing\./);
    // Done is a halt, and the next start finds it so: it closes nothing that a hand has opened since.
    expect(JSON.parse(readFileSync(join(service.dataDir, 'trading-state'), 'utf8'))).to.include({ overall: 'HALTED' });
    const next = started(box, paper, [GPS!, HYPE!], service.dataDir);
    await eventually('trading is halted', async () => (await next.get('/v1/health')).tradingState === 'HALTED');
    await next.stop();
  });

  it('says with 1 what it could not verify when the venue does not answer', async () => {
    const paper = await box.paper();
    const service = started(box, paper, [GPS!]);
    await settled(service, paper, [GPS!]);
    await service.process.die();
    await paper.fault('GET', '/fapi/v3/positionRisk', 'error');
    const unread = await flatten(service.dataDir, paper, '--within', '6000');
    await paper.heal();
    expect(unread.exit).to.deep.equal(code(1));
    expect(unread.out).to.include('NOT VERIFIED: the venue does not tell its positions').and.not.include('is flat, as the venue says');
  });
});

describeWithRedis('flatten --offline with the journal in Redis', function () {
  const box = useSandbox();
  let server: RedisServer;
  before(async () => (server = await RedisServer.start()));
  after(() => server.remove());

  it('with Redis gone says so and closes nothing; told that nobody else is there it gets flat without it, on a record of its own; a writer that lives elsewhere is still refused', async function () {
    this.timeout(120_000);
    const paper = await box.paper();
    const sets = ['journal.engine=redis', `journal.redis.url=${server.url}`];
    const service = box.service({ paper, sets: [...sets, `universe.symbols=[${GPS}, ${HYPE}]`, 'generator.minConfidence=0'] });
    const { dataDir } = service;
    await service.protectedOnes(2, 60_000);
    await service.process.die();
    const flatten = async (...args: string[]): Promise<{ readonly exit: Exit; readonly out: string; readonly err: string }> => {
      const settings = [...sets, `venue.paper.url=${paper.url}`, `universe.symbols=[${GPS}, ${HYPE}]`, 'log.level=error'].flatMap((set) => ['--set', set]);
      const child = box.vigil(['flatten', '--offline', '--reason', 'enough', '--data-dir', dataDir, ...settings, ...args]);
      const exit = await child.end(80_000);
      return { exit, out: child.stdout, err: child.stderr };
    };

    // Somebody on another machine holds its lease.
    await server.ask('HSET', 'quantum:journal:{paper}:lease', 'holder', 'another', 'host', 'elsewhere', 'space', 'of another boot', 'until', Date.now() + 600_000, 'released', '0');
    const elsewhere = await flatten('--without-journal');
    expect(elsewhere.exit, elsewhere.err).to.deep.equal({ code: 4, signal: null });
    expect(elsewhere.err).to.include('on elsewhere');

    await server.kill();
    const gone = await flatten();
    expect(gone.exit).to.deep.equal({ code: 2, signal: null });
    expect(gone.err).to.include('JOURNAL_UNAVAILABLE').and.include(server.where).and.include('Nothing was closed').and.include('--without-journal');
    expect((await paper.truth()).positions).to.have.length(2);

    const flat = await flatten('--without-journal', '--json');
    expect(flat.exit, flat.out + flat.err).to.deep.equal({ code: 0, signal: null });
    const report = JSON.parse(flat.out) as Json;
    expect(report.closed).to.have.length(2);
    expect(report).to.deep.include({ remaining: [], ordersLeft: [], unknown: null });
    const truth = await paper.truth();
    expect([truth.positions, truth.openOrders, truth.openAlgoOrders]).to.deep.equal([[], [], []]);
    expect(existsSync(report.standIn as string), report.standIn as string).to.equal(true);
    // The next start finds what was lowered, whatever the journal says.
    expect(JSON.parse(readFileSync(join(dataDir, 'trading-state'), 'utf8'))).to.include({ overall: 'HALTED' });
  });
});
