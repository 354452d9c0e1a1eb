/** Choosing the engine: one writer at a time, nothing sent by who has lost its place, and no records forgotten beside a journal they do not belong to. */
import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config.ts';
import type { VigilError } from '../../../src/protocol/errors.ts';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { ClientId, SymbolName } from '../../../src/protocol/names.ts';
import type { VenueWrite } from '../../../src/protocol/venue.ts';
import { openJournal } from '../../../src/service/journal/open.ts';
import type { OpenedJournal } from '../../../src/service/journal/open.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { systemRandom } from '../../../src/supervision/random.ts';
import { entry } from '../../persistence/journal-contract.ts';
import { refused } from '../../persistence/refusal.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { eventually } from '../../kit/service.ts';
import { leaveSpill } from '../../kit/spill-file.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const directories: string[] = [];
const ended: VigilError[] = [];

function open(sets: readonly string[] = [], env: Record<string, string> = {}, dataDir = mkdtempSync(join(tmpdir(), 'vigil-open-'))): Promise<OpenedJournal> {
  directories.push(dataDir);
  return openJournal(loadConfig({ files: [], env, sets, dataDir, projectRoot: '/nowhere' }), { clock: systemClock, random: systemRandom, log: silent, onEnded: (error) => ended.push(error) });
}

const symbol = 'GPSUSDT' as SymbolName;
const [id, side] = ['x' as ClientId, 'SELL'] as const;
const WRITES: Readonly<Record<string, VenueWrite>> = {
  OPEN: { kind: 'OPEN', symbol, clientId: id, side, quantity: decimal('1'), price: decimal('1') } as VenueWrite,
  CLOSE: { kind: 'CLOSE', symbol, clientId: id, side, quantity: decimal('1') } as VenueWrite,
  CANCEL: { kind: 'CANCEL', symbol, clientId: id, of: 'algo' },
};
const refusals = (opened: OpenedJournal) => Object.fromEntries(Object.entries(WRITES).map(([kind, write]) => [kind, opened.mayRedeem(write)?.code]));

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  ended.splice(0);
});

describe('opening the journal in SQLite', () => {
  it('is the default, lets everything be sent, and keeps what is appended', async () => {
    const opened = await open();
    await opened.journal.append([entry('symbol/GPSUSDT', 1)]);
    expect(refusals(opened)).to.deep.equal({ OPEN: undefined, CLOSE: undefined, CANCEL: undefined });
    await opened.close();
    const again = await open([], {}, directories[0]!);
    expect(await again.journal.read('symbol/GPSUSDT')).to.have.length(1);
    await again.close();
  });

  it('is refused beside records that wait for a journal in Redis, and leaves them', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'vigil-open-'));
    await leaveSpill(dataDir, 'mainnet', [entry('symbol/GPSUSDT', 7)]);
    const before = readFileSync(join(dataDir, 'spill'));
    await refused(open([], {}, dataDir), 'JOURNAL_FOREIGN', join(dataDir, 'spill'), 'here journal.engine is "sqlite"', 'journal.engine=redis journal.redis.instance=mainnet');
    expect(readFileSync(join(dataDir, 'spill')).equals(before)).to.equal(true);
  });
});

describeWithRedis('opening the journal in Redis', () => {
  let server: RedisServer;
  before(async () => (server = await RedisServer.start({ password: 'hunter2' })));
  after(() => server.remove());
  let instances = 0;
  const sets = (instance = `open-${++instances}`) => ['journal.engine=redis', `journal.redis.url=redis://${server.where}`, `journal.redis.instance=${instance}`];
  const env = { VIGIL_JOURNAL__REDIS__PASSWORD: 'hunter2' };

  it('gives no journal the records of another: it refuses, asks nothing of Redis, and the journal they are of gets them', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'vigil-open-'));
    const [theirs, other] = [sets(), sets()];
    const instance = `open-${instances - 1}`;
    await leaveSpill(dataDir, instance, [entry('symbol/GPSUSDT', 1)]);
    await refused(open(other, env, dataDir), 'JOURNAL_FOREIGN', `journal.redis.instance "${instance}", and here journal.redis.instance is "open-${instances}"`, `Start once with journal.engine=redis journal.redis.instance=${instance}`);
    expect(await server.ask('KEYS', `*open-${instances}*`)).to.deep.equal([]);
    const opened = await open(theirs, env, dataDir);
    expect(await opened.journal.read('symbol/GPSUSDT')).to.have.length(1);
    expect(readFileSync(join(dataDir, 'spill')).length).to.equal(0);
    await opened.close();
  });

  it('without its password is denied for good, not taken for away: the first thing that is asked is the lease', async () => {
    await refused(open(sets(), {}), 'JOURNAL_STORE_DENIED', 'AUTH', 'VIGIL_JOURNAL__REDIS__PASSWORD');
    await refused(open(sets(), { VIGIL_JOURNAL__REDIS__PASSWORD: 'wrong' }), 'JOURNAL_STORE_DENIED', 'WRONGPASS');
  });

  it('takes the place of the writer, refuses a second one by its name, and gives the place back at the end', async () => {
    const settings = sets();
    const first = await open(settings, env);
    await first.journal.append([entry('symbol/GPSUSDT', 1)]);
    expect(refusals(first)).to.deep.equal({ OPEN: undefined, CLOSE: undefined, CANCEL: undefined });
    await refused(open(settings, env), 'INSTANCE_RUNNING', `process ${process.pid} on`);
    await first.close();
    const second = await open(settings, env);
    expect(second.journal.writerEpoch).to.equal(2);
    expect(await second.journal.read('symbol/GPSUSDT')).to.have.length(1);
    expect(second.mayRedeem(WRITES['OPEN']!)).to.equal(undefined);
    await second.close();
    expect(ended).to.deep.equal([]);
  });

  it('gives the place back when the journal then cannot be opened', async () => {
    const instance = `open-${++instances}`;
    await server.ask('SET', `quantum:journal:{${instance}}:head`, 'theirs');
    await refused(open(sets(instance), env), 'JOURNAL_FOREIGN');
    await server.ask('DEL', `quantum:journal:{${instance}}:head`);
    await (await open(sets(instance), env)).close();
  });

  it('sends nothing at all once another has its place, and says so once or more, for a fresh start', async () => {
    const instance = `open-${++instances}`;
    const opened = await open(sets(instance), env);
    await server.ask('HSET', `quantum:journal:{${instance}}:lease`, 'holder', 'another', 'host', 'other-host', 'pid', '77', 'until', '9999999999999');
    await eventually('it is told', () => ended.length > 0);
    expect(ended[0]!.message).to.include('process 77 on other-host').and.not.include('hunter2');
    expect(refusals(opened)).to.deep.equal({ OPEN: 'LEASE_LOST', CLOSE: 'LEASE_LOST', CANCEL: 'LEASE_LOST' });
    expect(opened.journal.availability!().place).to.include('process 77 on other-host');
    await opened.close();
    expect(await server.ask('HGET', `quantum:journal:{${instance}}:lease`, 'holder')).to.equal('another');
  });

  it('opens nothing for a while after it took over an expired place; exits go', async () => {
    const instance = `open-${++instances}`;
    await server.ask('HSET', `quantum:journal:{${instance}}:lease`, 'format', '1', 'holder', 'another', 'host', 'other-host', 'pid', '77', 'space', '', 'born', '', 'startedAt', '', 'epoch', '1', 'released', '0', 'until', '1');
    const opened = await open(sets(instance), env);
    expect(refusals(opened)).to.deep.equal({ OPEN: 'LEASE_LOST', CLOSE: undefined, CANCEL: undefined });
    expect(opened.journal.availability!().place).to.include('taken over from process 77 on other-host');
    await opened.close();
  });
});
