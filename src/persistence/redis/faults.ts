/** What Redis, or the way to it, may answer instead of an answer: each cause by its name, with what to do about it. */
import { messageOf, VigilError } from '../../protocol/errors.ts';

interface Cause {
  /** How Redis begins such a message. */
  readonly says?: RegExp;
  readonly remedy: string;
  /** The connection is of no use any more: a new one has to be made, perhaps to another server. */
  readonly lost: boolean;
}

const CAUSES = {
  LOST: { remedy: 'it is tried again by itself; check that Redis runs and can be reached', lost: true },
  TIMEOUT: { remedy: 'it is tried again by itself; look for a slow disk, a fork or a long script with `redis-cli --latency` and SLOWLOG', lost: true },
  TLS: { remedy: 'name the file of its CA in NODE_EXTRA_CA_CERTS, and in journal.redis.url a host that its certificate is for', lost: true },
  DISPLACED: { remedy: 'it is compared and taken up again by itself', lost: true },
  LOADING: { says: /^LOADING/, remedy: 'it is tried again by itself when Redis has read its data', lost: true },
  READONLY: { says: /^READONLY|^MASTERDOWN/, remedy: 'this server is a replica: give the address of the master, or promote this one', lost: true },
  UNBLOCKED: { says: /^UNBLOCKED/, remedy: 'the server became a replica meanwhile; it is tried again by itself', lost: true },
  AUTH: { says: /^(NOAUTH|WRONGPASS|ERR AUTH|ERR Protocol error: unauthenticated|ERR invalid password|ERR Client sent AUTH)/, remedy: 'correct user and password (journal.redis.username, VIGIL_JOURNAL__REDIS__PASSWORD or journal.redis.passwordFile)', lost: true },
  ACL: { says: /^NOPERM/, remedy: 'allow the user the commands named in docs/redis.md on the keys of the prefix (ACL SETUSER)', lost: false },
  OOM: { says: /^OOM/, remedy: 'maxmemory is reached: raise it (nothing is let go of while nothing can be written); `vigil journal stats` says what fills it, journal.retentionDays how long that is kept. Redis must never evict (maxmemory-policy noeviction)', lost: false },
  MISCONF: { says: /^MISCONF/, remedy: 'Redis cannot write to its disk: make room, check the log of Redis; it takes writes again by itself', lost: false },
  NO_REPLICA: { remedy: 'what must not be lost waits for a replica: bring it back, or attach one (REPLICAOF)', lost: false },
  UNSAFE: { remedy: 'it is looked at again by itself; set what is named', lost: true },
  NOREPLICAS: { says: /^NOREPLICAS/, remedy: 'min-replicas-to-write is not met: bring the replica back', lost: false },
  BUSY: { says: /^BUSY/, remedy: 'another script blocks Redis: find it with SLOWLOG, end it with SCRIPT KILL', lost: false },
  WRONGTYPE: { says: /^WRONGTYPE/, remedy: 'a key of the journal is of another program: choose another journal.redis.prefix', lost: false },
  NOSCRIPT: { says: /^NOSCRIPT/, remedy: 'the script is sent again by itself', lost: false },
  CLUSTER: { says: /^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN)/, remedy: 'this is a node of a Cluster, which this release does not speak: give a standalone server', lost: false },
  COMMAND: { says: /^ERR unknown command/, remedy: 'the command was renamed or the server is too old: Redis 6.2 or later with the commands of docs/redis.md', lost: false },
  OTHER: { remedy: 'see the log of Redis', lost: false },
} as const satisfies Record<string, Cause>;

export type FaultReason = keyof typeof CAUSES;

/** A call that Redis refused, or did not answer. Carries no arguments: those may hold a password. */
export class RedisFault extends Error {
  readonly reason: FaultReason;

  constructor(reason: FaultReason, message: string) {
    super(message);
    this.name = 'RedisFault';
    this.reason = reason;
  }

  /** Whether the call may have been carried out all the same, and the connection has to be made anew. */
  get lost(): boolean {
    return CAUSES[this.reason].lost;
  }
}

/** What the client threw, as a fault. The client's own error is dropped: it carries the arguments of the command. */
export function faultOf(error: unknown): RedisFault {
  if (error instanceof RedisFault) return error;
  const message = messageOf(error);
  const replied = error instanceof Error && error.name === 'ReplyError';
  if (!replied) return new RedisFault(isOfTls(error) ? 'TLS' : 'LOST', message);
  // A script's own error begins with ERR and carries what it met.
  const said = message.replace(/^ERR (?=(OOM|MISCONF|READONLY|NOREPLICAS|WRONGTYPE|NOPERM)\b)/, '');
  const found = Object.entries<Cause>(CAUSES).find(([, { says }]) => says?.test(said) === true);
  return new RedisFault((found?.[0] as FaultReason | undefined) ?? 'OTHER', message);
}

/** By OpenSSL's names of what is wrong with a certificate, and Node's of what is wrong with the handshake. */
function isOfTls(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ERR_SSL_|ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(String(error.code));
}

/** The refusal a caller gets: code JOURNAL_UNAVAILABLE, with the name of the cause in `details.reason`. `where` is the server, without secrets. */
export function unavailable(where: string, fault: RedisFault): VigilError {
  return new VigilError('JOURNAL_UNAVAILABLE', `Redis at ${where}: ${fault.message} (${fault.reason}); ${CAUSES[fault.reason].remedy}`, { details: { reason: fault.reason, server: where } });
}

/** The same at opening, where a fault that no waiting cures has a code of its own. */
export function refusalAtOpening(where: string, fault: RedisFault): VigilError {
  const { code, message, details } = unavailable(where, fault);
  const own = fault.reason === 'AUTH' || fault.reason === 'ACL' ? 'JOURNAL_STORE_DENIED' : fault.reason === 'WRONGTYPE' ? 'JOURNAL_FOREIGN' : fault.reason === 'CLUSTER' || fault.reason === 'COMMAND' || fault.reason === 'READONLY' ? 'JOURNAL_STORE_UNSAFE' : code;
  // Nobody has opened it yet, and so nobody tries again.
  return new VigilError(own, message.replace('it is tried again by itself; ', ''), { details: { ...details } });
}
