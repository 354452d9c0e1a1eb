/** The whole service on a real Redis that goes away, by kill -9 and by silence, while a position is open (ruling 36), and the place of its only writer (ruling 38). */
import { expect } from 'chai';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openRedisJournal } from '../../src/persistence/redis/open.ts';
import type { StoredEntry } from '../../src/persistence/port.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { systemRandom } from '../../src/supervision/random.ts';
import { legOf } from '../kit/venue-check.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { eventually, useSandbox } from '../kit/service.ts';
import type { Child, Json, Paper, Service, ServiceOptions } from '../kit/service.ts';
import { settled } from '../kit/main-job.ts';

const [GPS, HYPE] = ['GPSUSDT', 'HYPEUSDT'];

describeWithRedis('the service on Redis', function () {
  const box = useSandbox();
  let server: RedisServer;
  beforeEach(async () => (server = await RedisServer.start()));
  afterEach(() => server.remove());

  /** Opens nothing by itself: what is to be opened the test hands in. */
  function start(paper: Paper, options: ServiceOptions & { readonly spillMs?: number } = {}): Service {
    const { spillMs = 60_000, ...rest } = options;
    return box.service({ paper, ...rest, sets: ['journal.engine=redis', `journal.redis.url=${server.url}`, `journal.spill.maxMs=${spillMs}`, `universe.symbols=[${GPS}, ${HYPE}]`, 'generator.minConfidence=1', 'risk.symbolCooldownMs=0'] });
  }

  let intents = 0;
  async function intent(service: Service, symbol: string): Promise<string> {
    const { status, json } = await service.post('/v1/intents', { source: 'manual', symbol, side: 'LONG', confidence: 1, notional: String(200 - ++intents) });
    expect(status, JSON.stringify(json)).to.equal(202);
    return (json as { intentId: string }).intentId;
  }

  async function opened(paper: Paper, options?: Parameters<typeof start>[1]): Promise<Service> {
    const service = start(paper, options);
    await service.well();
    await intent(service, GPS!);
    await settled(service, paper, [GPS!]);
    return service;
  }

  const journalCheck = async (service: Service): Promise<Json> => (await service.get('/v1/health')).checks.find((check: Json) => check.name === 'journal');
  const journalSays = (service: Service, words: RegExp) =>
    eventually(`the journal's health says ${words.source}`, async () => {
      const { status, message } = await journalCheck(service);
      if (words.test(message)) return { status, message };
      throw new Error(message);
    });
  const isBack = (service: Service) => eventually('the store is back', async () => (await journalCheck(service)).status === 'ok');
  const codes = async (service: Service, symbol: string): Promise<readonly string[]> => (await service.get(`/v1/explain/${symbol}`)).decisions.flatMap((one: Json) => (one.denials ?? []).map((denial: Json) => denial.code));

  /** Everything that is on record, from a journal at rest; opening it follows its chain of checksums. */
  async function record(dataDir: string): Promise<readonly StoredEntry[]> {
    const journal = await openRedisJournal({ url: server.url, prefix: 'quantum:', instance: 'paper', file: join(dataDir, 'journal'), clock: systemClock, random: systemRandom, onFinding: (finding) => expect.fail(finding.message), onWarning: () => undefined });
    const entries: StoredEntry[] = [];
    for (const entity of await journal.entities('symbol/')) entries.push(...(await journal.read(entity)));
    await journal.close();
    return entries;
  }

  for (const [how, leave, comeBack] of [
    ['killed with kill -9', () => server.kill(), () => server.begin()],
    ['silent (SIGSTOP)', async () => server.freeze(), async () => server.thaw()],
  ] as const) {
    it(`${how}: the stop stands, nothing is opened, the exit goes, and when it is back the journal has all of it and trading resumes by itself`, async () => {
      const paper = await box.paper();
      const service = await opened(paper);
      await leave();
      const { status } = await journalSays(service, /store has been away/);
      expect(status).to.equal('degraded');
      await eventually('the alert', async () => (await service.get('/v1/alerts')).some((alert: Json) => alert.name === 'journal-away'));
      await intent(service, HYPE!);
      await eventually('the opening is refused', async () => (await codes(service, HYPE!)).includes('JOURNAL_AWAY'));
      const before = await paper.truth();
      expect(before.openAlgoOrders.filter((algo) => algo.symbol === GPS).map((algo) => legOf(algo.clientAlgoId))).to.have.members(['s', 't']);
      expect(before.positions.map((one) => one.symbol)).to.deep.equal([GPS]);

      const flat = await service.post('/v1/flatten', { reason: 'the store is away', symbol: GPS });
      expect(flat.json, JSON.stringify(flat.json)).to.deep.include({ remaining: [] });
      const after = await paper.truth();
      expect([after.positions, after.openAlgoOrders, after.openOrders]).to.deep.equal([[], [], []]);
      expect(statSync(join(service.dataDir, 'spill')).size).to.be.greaterThan(0);

      await comeBack();
      await isBack(service);
      expect(statSync(join(service.dataDir, 'spill')).size).to.equal(0);
      await intent(service, HYPE!);
      await settled(service, paper, [HYPE!]);
      expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
      const gps = (await record(service.dataDir)).filter((entry) => entry.entity === `symbol/${GPS}`);
      expect(gps.map((entry) => entry.sequence)).to.deep.equal(gps.map((_, index) => index + 1));
      expect(gps.filter(({ type }) => type === 'PositionClosed' || type === 'CloseRequested').map(({ type }) => type)).to.deep.equal(['CloseRequested', 'PositionClosed']);
    });
  }

  it('what was kept beside it survives kill -9 of the service, too, and reaches the journal at the next start; the dead holder\'s place is free at once', async () => {
    const paper = await box.paper();
    const first = await opened(paper);
    await server.kill();
    await journalSays(first, /store has been away/);
    await first.post('/v1/flatten', { reason: 'the store is away', symbol: GPS });
    await first.process.die();
    expect(statSync(join(first.dataDir, 'spill')).size).to.be.greaterThan(0);
    await server.begin();
    const second = start(paper, { dataDir: first.dataDir });
    await isBack(second);
    await eventually('the executors know what they hold', async () => (await second.get('/v1/health')).checks.some((check: Json) => check.name === 'readiness' && check.status === 'ok'));
    expect(second.process.log.map((line) => line.msg)).to.include('the store of the journal is back and has every record that was kept meanwhile');
    expect(await second.positions()).to.deep.equal([]);
    await second.stop();
    const gps = (await record(first.dataDir)).filter((entry) => entry.entity === `symbol/${GPS}`);
    expect(gps.filter(({ type }) => type === 'PositionClosed')).to.have.length(1);
  });

  it('beyond the bounds of what is kept nothing is claimed to be on record: it is said, the exit goes all the same, and the living process records it when the store is back', async () => {
    const paper = await box.paper();
    const service = await opened(paper, { spillMs: 1_000 });
    await server.kill();
    await journalSays(service, /not on record \(the store has been away for longer than journal\.spill\.maxMs/);
    await service.post('/v1/flatten', { reason: 'the store is away', symbol: GPS });
    expect((await paper.truth()).positions).to.deep.equal([]);

    // More than any restart budget: who hands in an intent is told, the door stays, and nothing is taken that is not on record.
    const outside = { source: 'manual', symbol: HYPE, side: 'LONG', confidence: 1 };
    const key = { 'idempotency-key': 'while-it-was-away' };
    for (let i = 0; i < 20; i++) {
      const { status, json } = await service.post('/v1/intents', outside, key);
      expect([status, json.error?.code], JSON.stringify(json)).to.deep.equal([503, 'JOURNAL_UNAVAILABLE']);
    }
    expect(await service.actor('intake')).to.include({ status: 'running', restarts: 0 });
    await server.begin();
    await isBack(service);
    const taken = await eventually('the same intent is taken', async () => {
      const { status, json } = await service.post('/v1/intents', outside, key);
      if (status === 202) return json;
      throw new Error(JSON.stringify(json));
    });
    expect(await service.post('/v1/intents', outside, key)).to.deep.include({ status: 202, json: taken });
    await settled(service, paper, [HYPE!]);
    expect((await paper.truth()).orders.filter((order) => order.symbol === HYPE && legOf(order.clientOrderId) === 'e'), 'entries at the venue').to.have.length(1);
    await eventually('its life is on record', async () => {
      const { sequence, durable } = (await service.actor(`executor/${GPS}`)).state;
      return sequence === durable;
    });
    await service.stop();
    const gps = (await record(service.dataDir)).filter((entry) => entry.entity === `symbol/${GPS}`);
    expect(gps.filter(({ type }) => type === 'PositionClosed')).to.have.length(1);
  });

  it('a second start, on a data directory of its own, is refused by the holder\'s name and changes nothing', async () => {
    const paper = await box.paper();
    const service = start(paper);
    await service.well();
    const second = start(paper);
    expect(await second.process.end()).to.deep.equal({ code: 2, signal: null });
    expect(second.process.stderr).to.include('INSTANCE_RUNNING').and.include(`process ${service.process.pid} on`);
    await intent(service, GPS!);
    await settled(service, paper, [GPS!]);
  });

  it('after a crash the launcher tries for as long as the store is away, and says so; at a first start it ends with 69', async () => {
    const paper = await box.paper();
    const service = await opened(paper, { launcher: true });
    const { pid } = await service.get('/v1/health');
    await server.kill();
    process.kill(pid as number, 'SIGKILL');
    await service.process.heard('the launcher\'s alarm', ({ stdout }: Child) => (stdout.includes('nobody manages what is open until it is back') ? true : undefined));
    expect(service.process.stderr).to.match(/JOURNAL_UNAVAILABLE: Redis at 127\.0\.0\.1:\d+/);
    await server.begin();
    await settled(service, paper, [GPS!]);
    await service.stop();

    await server.kill();
    const never = start(paper);
    expect(await never.process.end()).to.deep.equal({ code: 69, signal: null });
    expect(never.process.stderr).to.include(server.where);
  });

  it('a holder that was stopped (SIGSTOP) keeps its place until its lease is over; then another takes it, opens nothing for a while, manages what is open, and the first one ends when it wakes', async () => {
    const paper = await box.paper();
    const zombie = await opened(paper);
    const tag = readFileSync(join(zombie.dataDir, 'instance-tag'), 'utf8').trim();
    const adopting = { args: ['--adopt-instance', tag] };
    zombie.process.kill('SIGSTOP');
    const tooEarly = start(paper, adopting);
    expect(await tooEarly.process.end()).to.deep.equal({ code: 2, signal: null });
    await eventually('the lease is over', async () => Number(await server.ask('HGET', 'quantum:journal:{paper}:lease', 'until')) < Date.now());
    const heir = start(paper, adopting);
    await heir.answers();
    await settled(heir, paper, [GPS!]);
    await journalSays(heir, /nothing is opened: the lease of the journal was taken over from process \d+/);
    await eventually('what the former holder may have sent is over', async () => (await journalCheck(heir)).status === 'ok', 30_000);

    zombie.process.kill('SIGCONT');
    const exit = await zombie.process.end();
    // Fenced off (75), or ended by its own watchdog first, for a loop that stood still for so long.
    expect(exit.code === 75 || exit.signal === 'SIGKILL', JSON.stringify(exit)).to.equal(true);
    await intent(heir, HYPE!);
    await settled(heir, paper, [GPS!, HYPE!]);
    expect((await paper.truth()).orders.filter((order) => legOf(order.clientOrderId) === 'e'), 'entries at the venue').to.have.length(2);
    await heir.stop();
  });
});
