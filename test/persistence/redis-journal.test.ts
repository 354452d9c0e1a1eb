/** The Redis engine keeps the contract, on a real server. */
import { expect } from 'chai';
import { basename, dirname } from 'node:path';
import { openRedisJournal } from '../../src/persistence/redis-open.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { systemRandom } from '../../src/supervision/random.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { journalContract } from './journal-contract.ts';

describeWithRedis('the Redis journal', () => {
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.remove());

  journalContract('Redis', (place) =>
    openRedisJournal({
      url: server.url,
      prefix: 'quantum:',
      instance: basename(dirname(place)),
      file: place,
      clock: systemClock,
      random: systemRandom,
      onFinding: (finding) => expect.fail(finding.message),
      onWarning: (warning) => expect.fail(warning),
    }),
  );
});
