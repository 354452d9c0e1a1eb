/** What the doctor says of a journal in Redis: reachable, durable, whole, written by whom, and what lies beside it. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { ownIdentity } from '../../src/persistence/process-identity.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../src/persistence/redis-connection.ts';
import { journalKeys } from '../../src/persistence/redis-keys.ts';
import { takeLease } from '../../src/persistence/redis-lease.ts';
import { messageOf } from '../../src/protocol/errors.ts';
import { examineJournal } from '../../src/service/check-journal.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';

describeWithRedis('vigil check of a journal in Redis', () => {
  let server: RedisServer;
  let dataDir: string;
  before(async () => (server = await RedisServer.start({ appendfsync: 'everysec', password: 'hunter2' })));
  after(() => server.remove());
  beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'vigil-check-'))));
  afterEach(() => rmSync(dataDir, { recursive: true }));

  /** What is said of each, findings in capitals. */
  async function check(env: Record<string, string> = {}): Promise<Record<string, string>> {
    const config = loadConfig({ files: [], env: { VIGIL_JOURNAL__REDIS__PASSWORD: 'hunter2', ...env }, sets: ['journal.engine=redis', `journal.redis.url=redis://${server.where}`], dataDir, projectRoot: '/nowhere' });
    const said: Record<string, string> = {};
    await examineJournal(config, async (name, run) => {
      said[name] = await Promise.try(run).then((message) => `ok: ${message}`, (error: unknown) => `FINDING: ${messageOf(error)}`);
    });
    expect(JSON.stringify(said)).not.to.include('hunter2');
    return said;
  }

  it('says what may be lost, that there is no journal yet, and that nobody writes it', async () => {
    const said = await check();
    expect(said['journal server']).to.match(/^FINDING: Redis at 127\.0\.0\.1:\d+: appendfsync is everysec: .* acknowledged entries are lost/);
    expect(said['journal']).to.match(/^ok: none yet under \{paper\}/);
    expect(said['journal writer']).to.equal('ok: nobody writes it now');
    expect(said['journal spill']).to.equal('ok: nothing waits beside the journal');
  });

  it('finds everything fine with appendfsync always', async () => {
    await server.ask('CONFIG', 'SET', 'appendfsync', 'always');
    expect((await check())['journal server']).to.match(/^ok: Redis \S+ at \S+ keeps what it acknowledges: .*appendfsync always, no replica/);
  });

  it('refuses what would lose everything, and goes on', async () => {
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const said = await check();
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(said['journal server']).to.match(/^FINDING: .*maxmemory-policy is allkeys-lru: .* would delete the journal/);
    expect(said['journal writer']).to.match(/^ok/);
  });

  it('names who writes it, and what lies beside it', async () => {
    const keys = journalKeys('quantum:', 'paper');
    const lease = await takeLease({ connector: standaloneConnector(server.url, 'test', systemClock, CALL_BOUNDS), keys, holder: 'a', identity: ownIdentity(), clock: systemClock, log: { info: () => undefined, warn: () => undefined }, onTaken: () => undefined });
    writeFileSync(join(dataDir, 'spill'), 'x'.repeat(7));
    const said = await check();
    expect(said['journal writer']).to.match(new RegExp(`^ok: process ${process.pid} on .* which renews its lease$`));
    expect(said['journal']).to.match(/is in use/);
    expect(said['journal spill']).to.match(/^ok: 7 bytes of records .* the next start hands them over first$/);
    await lease.giveBack();
    writeFileSync(join(dataDir, 'spill.aside-2026'), 'x');
    expect((await check())['journal spill']).to.match(/^FINDING: .*spill\.aside-2026: records that the journal's store would not take/);
  });

  it('says in each row that is not known that it is not, with the wrong password and with Redis away', async () => {
    const denied = await check({ VIGIL_JOURNAL__REDIS__PASSWORD: 'wrong' });
    expect(denied['journal server']).to.match(/^FINDING: .*WRONGPASS.*correct user and password/);
    expect(denied['journal']).to.equal('FINDING: not known: Redis cannot be asked');
    await server.kill();
    const away = await check();
    expect(away['journal server']).to.match(/^FINDING: Redis at 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    expect(away['journal writer']).to.match(/^FINDING: not known/);
    await server.begin();
  });
});
