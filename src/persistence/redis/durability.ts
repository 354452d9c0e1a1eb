/** Reads from the server what it promises, and says what is lost where it promises too little. */
import { VigilError } from '../../protocol/errors.ts';
import type { RedisConnection } from './connection.ts';
import { RedisFault } from './faults.ts';

/** XTRIM MINID came with it. */
const LEAST_VERSION = [6, 2] as const;

/** What the server says of itself. */
export interface ServerFacts {
  readonly version: string;
  readonly role: string;
  /** Replicas that are connected now. */
  readonly replicas: number;
  readonly appendOnly: boolean;
  /** Undefined: the server does not let us read it. */
  readonly appendFsync: string | undefined;
  readonly maxmemoryPolicy: string;
  /** Bytes; 0: no limit. */
  readonly maxmemory: number;
  readonly loading: boolean;
  readonly cluster: boolean;
}

/** @throws RedisFault. */
export async function readServer(connection: RedisConnection): Promise<ServerFacts> {
  const info = parseInfo(await connection.call('INFO'));
  return {
    version: info.get('redis_version') ?? '0',
    role: info.get('role') ?? 'unknown',
    replicas: Number(info.get('connected_slaves') ?? 0),
    appendOnly: info.get('aof_enabled') === '1',
    appendFsync: await readSetting(connection, 'appendfsync'),
    maxmemoryPolicy: info.get('maxmemory_policy') ?? 'unknown',
    maxmemory: Number(info.get('maxmemory') ?? 0),
    loading: info.get('loading') === '1',
    cluster: info.get('cluster_enabled') === '1',
  };
}

/** Replicas that are connected now. @throws RedisFault. */
export async function connectedReplicas(connection: RedisConnection): Promise<number> {
  return Number(parseInfo(await connection.call('INFO', 'replication')).get('connected_slaves') ?? 0);
}

/** What makes the journal's promise void, each with what is lost by it and what to set. Empty: it can be kept. */
export function voidPromises(facts: ServerFacts): string[] {
  const found: string[] = [];
  if (isOlder(facts.version)) found.push(`the server is version ${facts.version}: retention needs ${LEAST_VERSION.join('.')} or later`);
  if (facts.cluster) found.push('cluster mode is on: this release speaks to a standalone server only');
  if (facts.role !== 'master') found.push(`the server is a ${facts.role === 'slave' ? 'replica' : facts.role}: what is written there is lost or refused. Give the address of the master`);
  if (!facts.appendOnly) found.push('appendonly is no: a restart of Redis loses everything since its last snapshot, orders on their way among it. Set appendonly yes (CONFIG SET appendonly yes, and in redis.conf)');
  if (facts.appendFsync === 'no') found.push('appendfsync is no: a power cut loses what the kernel had not yet written, often half a minute. Set appendfsync always');
  if (facts.maxmemoryPolicy !== 'noeviction') found.push(`maxmemory-policy is ${facts.maxmemoryPolicy}: at maxmemory Redis would delete the journal, or parts of it, to make room. Set maxmemory-policy noeviction`);
  return found;
}

/** What weakens it, with what may be lost. */
export function weaknesses(facts: ServerFacts): string[] {
  const found: string[] = [];
  if (facts.appendFsync === 'everysec') found.push('appendfsync is everysec: when the machine of Redis fails, up to two seconds of acknowledged entries are lost; Vigil appends them again while it lives, and after its own restart asks the venue. Set appendfsync always to lose nothing');
  if (facts.appendFsync === undefined) found.push('appendfsync cannot be read (CONFIG is not allowed to this user): whether each write is synced before it is acknowledged is not known. Allow `CONFIG GET`, or see to it that appendfsync is always');
  return found;
}

/** @throws VigilError JOURNAL_STORE_UNSAFE naming every cause. */
export function refuseUnsafe(where: string, facts: ServerFacts): void {
  const found = voidPromises(facts);
  if (found.length === 0) return;
  throw new VigilError('JOURNAL_STORE_UNSAFE', `Redis at ${where} would not keep what it acknowledges: ${found.join('. ')}`, { details: { server: where, causes: found } });
}

async function readSetting(connection: RedisConnection, name: string): Promise<string | undefined> {
  try {
    return ((await connection.call('CONFIG', 'GET', name)) as string[])[1];
  } catch (error) {
    // Hosted servers often hide CONFIG: what is not known is said, not guessed.
    if (error instanceof RedisFault && (error.reason === 'ACL' || error.reason === 'COMMAND')) return undefined;
    throw error;
  }
}

function parseInfo(reply: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of String(reply).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) found.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return found;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
}
