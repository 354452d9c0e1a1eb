/** The way to the store that breaks again and again: each time it is waited for as long as the first time, and no longer. */
import { expect } from 'chai';
import type { RedisConnection } from '../../../src/persistence/redis/connection.ts';
import { RedisFault } from '../../../src/persistence/redis/faults.ts';
import { RedisLink } from '../../../src/persistence/redis/link.ts';
import type { RedisWriter } from '../../../src/persistence/redis/writer.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';

const INFO = ['redis_version:7.2.0', 'role:master', 'connected_slaves:0', 'aof_enabled:1', 'maxmemory_policy:noeviction', 'maxmemory:0', 'loading:0', 'cluster_enabled:0'].join('\r\n');

/** A server that answers what an opening asks, and can break. */
function connection(): RedisConnection & { break(): void } {
  let lost: ((fault: RedisFault) => void) | undefined;
  return {
    where: 'redis:6379',
    ended: undefined,
    call: (command) => Promise.resolve(command === 'INFO' ? INFO : ['appendfsync', 'always']),
    onLost: (listener) => (lost = listener),
    close: () => (lost = undefined),
    break: () => lost?.(new RedisFault('LOST', 'the connection was closed')),
  };
}

describe('the way to Redis', () => {
  const clock = new VirtualClock();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await settle();
    }
  };

  it('that breaks soon after it was made again is waited for anew: what was left of the first wait does not count', async () => {
    let there = true;
    let current = connection();
    const writer = { get connection() { return current; }, resume: (next: typeof current) => { current = next; return Promise.resolve(); } };
    const downs: string[] = [];
    // Nobody answers at all, or there is an answer at once.
    const connect = (): Promise<RedisConnection> => (there ? Promise.resolve(connection()) : new Promise(() => undefined));
    const failing = { once: true };
    const link = new RedisLink({
      connector: { where: 'redis:6379', connect: () => (failing.once ? ((failing.once = false), Promise.reject(new RedisFault('LOST', 'refused'))) : connect()) },
      writer: writer as unknown as RedisWriter,
      clock,
      onWarning: () => undefined,
      onUp: () => undefined,
      onDown: (error) => downs.push(error.message),
      onEnded: undefined,
    });
    current.break();
    await pass(200);
    expect([link.up, downs.length], 'refused once, and made again').to.deep.equal([true, 1]);
    there = false;
    await pass(1_000);
    current.break();
    await pass(1_000);
    expect([link.refusal, downs.length], 'still waited for').to.deep.equal([undefined, 1]);
    await pass(600);
    expect([link.refusal?.code, downs.length]).to.deep.equal(['JOURNAL_UNAVAILABLE', 2]);
  });
});
