/** What the doctor says of a journal in Redis: reachable, durable, whole, written by whom, and what lies beside it. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config.ts';
import { ownIdentity } from '../../../src/persistence/process-identity.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../../src/persistence/redis/connection.ts';
import { journalKeys } from '../../../src/persistence/redis/keys.ts';
import { takeLease } from '../../../src/persistence/redis/lease.ts';
import { openRedisJournal } from '../../../src/persistence/redis/open.ts';
import { messageOf } from '../../../src/protocol/errors.ts';
import { examineJournal } from '../../../src/service/journal/check.ts';
import { runVerify } from '../../../src/service/journal/commands.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { systemRandom } from '../../../src/supervision/random.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { leaveSpill } from '../../kit/spill-file.ts';

const HALT = { entity: 'trading-state', sequence: 1, type: 'TradingStateSet', version: 1, at: 1, payload: { state: 'HALTED', symbol: null, reason: 'a test', by: 'me' } };

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
    await leaveSpill(dataDir, 'paper', [HALT]);
    const said = await check();
    expect(said['journal writer']).to.match(new RegExp(`^ok: process ${process.pid} on .* which renews its lease$`));
    expect(said['journal']).to.match(/is in use/);
    expect(said['journal spill']).to.match(/^ok: 1 records in .* the next start hands them over first$/);
    expect((await check({ VIGIL_JOURNAL__REDIS__INSTANCE: 'other' }))['journal spill']).to.match(/^FINDING: .*journal\.redis\.instance "paper", and here journal\.redis\.instance is "other"/);
    await lease.giveBack();
    writeFileSync(join(dataDir, 'spill.aside-2026'), 'x');
    expect((await check())['journal spill']).to.match(/^FINDING: .*spill\.aside-2026: records that the journal's store would not take/);
  });

  it('reads what is in it beside its writer, and says what this build does not understand, and how long entries are kept', async () => {
    expect((await check())['journal entries']).to.equal('ok: none that could be read; those that no state needs are kept 14 days');
    const journal = await openRedisJournal({ url: server.url, prefix: 'quantum:', instance: 'paper', file: join(dataDir, 'journal'), clock: systemClock, random: systemRandom, onFinding: () => undefined, onWarning: () => undefined });
    await journal.append([HALT]);
    expect((await check())['journal entries']).to.equal('ok: 1 of 1 entities, all of them this build understands; those that no state needs are kept 14 days');
    await journal.append([{ ...HALT, sequence: 2, type: 'TradingStateGuessed' }]);
    await journal.close();
    expect((await check())['journal entries']).to.match(/^FINDING: \{paper\} in Redis at \S+: position 2 \(trading-state #2 TradingStateGuessed\): trading state "TradingStateGuessed" is of no type this build knows: `vigil journal verify`/);
    const config = loadConfig({ files: [], env: { VIGIL_JOURNAL__REDIS__PASSWORD: 'hunter2' }, sets: ['journal.engine=redis', `journal.redis.url=redis://${server.where}`], dataDir, projectRoot: '/nowhere' });
    let out = '';
    expect(await runVerify(config, false, { write: (text) => ((out += text), true) })).to.equal(1);
    expect(out).to.match(/^ENTRY_FOREIGN {2}position 2 /m).and.to.match(/^ENTRY_FOREIGN: .*run that version\.$/m);
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
