/**
 * The scripts that write: each checks first that this writer is still the one, and then does all of its work or none.
 * Every key comes in KEYS and all are of one slot, as a Cluster wants it.
 */
import { hash } from 'node:crypto';
import type { RedisConnection } from './connection.ts';
import { RedisFault } from './faults.ts';

/** Of the keys and their fields. A journal with a higher one was written by a later Vigil and is refused. */
export const FORMAT = '1';

/** Arguments a script gives one command: Lua has room for some thousands. Even, for they are pairs. */
const A_CALL = 1_000;

interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A script by its text, called by its hash. */
export const script = (text: string): Script => ({ text, sha: hash('sha1', text, 'hex') });

const READ_HEAD = `
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind ~= 'hash' and kind ~= 'none' then return {'FOREIGN', KEYS[1] .. ' is a ' .. kind} end
local head = redis.call('HMGET', KEYS[1], 'writerEpoch', 'holder', 'connection', 'position', 'checksum', 'format')
`;

/**
 * A new writer takes the journal: KEYS head; ARGV format, the least epoch, holder, position and checksum of the head as it was
 * checked, the first checksum. Answers TAKEN epoch, or MOVED when the head is not what was checked.
 */
export const TAKE = script(`${READ_HEAD}
if kind == 'hash' and head[6] ~= ARGV[1] then return {'FOREIGN', KEYS[1] .. ' has format ' .. (head[6] or 'none')} end
if (head[4] or '0') ~= ARGV[4] or (head[5] or ARGV[6]) ~= ARGV[5] then return {'MOVED'} end
local epoch = string.format('%d', math.max(tonumber(head[1] or '0'), tonumber(ARGV[2])) + 1)
redis.call('HSET', KEYS[1], 'format', ARGV[1], 'writerEpoch', epoch, 'holder', ARGV[3], 'connection', '1', 'position', ARGV[4], 'checksum', ARGV[5])
if kind == 'none' then redis.call('HSET', KEYS[1], 'anchorPosition', '0', 'anchorChecksum', ARGV[6]) end
return {'TAKEN', epoch}
`);

/**
 * The same writer on a new connection: what it had sent on the old one, and what may still lie there, is fenced off with the
 * number of the connection. KEYS head; ARGV format, epoch, holder, the first checksum. Answers RESUMED connection position checksum
 * epoch-before; FENCED epoch holder when another has taken the journal. An epoch below ours is a failover that lost our opening.
 */
export const RESUME = script(`${READ_HEAD}
if kind == 'hash' and head[6] ~= ARGV[1] then return {'FOREIGN', KEYS[1] .. ' has format ' .. (head[6] or 'none')} end
local epoch = tonumber(head[1] or '0')
if epoch > tonumber(ARGV[2]) or (epoch == tonumber(ARGV[2]) and head[2] ~= ARGV[3]) then return {'FENCED', head[1], head[2]} end
local connection = string.format('%d', tonumber(head[3] or '0') + 1)
redis.call('HSET', KEYS[1], 'format', ARGV[1], 'writerEpoch', ARGV[2], 'holder', ARGV[3], 'connection', connection, 'position', head[4] or '0', 'checksum', head[5] or ARGV[4])
if kind == 'none' then redis.call('HSET', KEYS[1], 'anchorPosition', '0', 'anchorChecksum', ARGV[4]) end
return {'RESUMED', connection, head[4] or '0', head[5] or ARGV[4], string.format('%d', epoch)}
`);

const FENCE = `
local head = redis.call('HMGET', KEYS[1], 'writerEpoch', 'holder', 'connection', 'position', 'checksum')
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] or head[3] ~= ARGV[3] then return {'STRANGER'} end
`;

/**
 * Rows after the head. KEYS head, entities, snapshots, then one stream an entity. ARGV epoch, holder, connection; head position
 * and checksum as expected, and as they will be; the number of entities; of each its name, expected last sequence, new last
 * sequence, position of its newest Snapshot among the rows ('' none); then of each row the number of its stream and its fields.
 * Everything that can be wrong is looked at before the first write, because Redis takes nothing back when a script fails.
 */
export const APPEND = script(`${FENCE}
if head[4] ~= ARGV[4] or head[5] ~= ARGV[5] then return {'HEAD'} end
local count = tonumber(ARGV[8])
local beyond = string.format('%d-0', tonumber(ARGV[4]) + 1)
local names, lasts, newest = {}, {}, {}
for i = 1, count do
  local at = 9 + (i - 1) * 4
  local kind = redis.call('TYPE', KEYS[3 + i])['ok']
  if kind ~= 'stream' and kind ~= 'none' then return {'FOREIGN', KEYS[3 + i] .. ' is a ' .. kind} end
  local strange = redis.call('XRANGE', KEYS[3 + i], beyond, '+', 'COUNT', 1)
  if strange[1] then return {'FOREIGN', KEYS[3 + i] .. ' has an entry ' .. strange[1][1] .. ' beyond the end of the journal, which Vigil did not write'} end
  names[i] = ARGV[at]
  lasts[2 * i - 1], lasts[2 * i] = ARGV[at], ARGV[at + 2]
  if ARGV[at + 3] ~= '' then
    newest[#newest + 1] = ARGV[at]
    newest[#newest + 1] = ARGV[at + 3]
  end
end
for from = 1, count, ${A_CALL} do
  local known = redis.call('HMGET', KEYS[2], unpack(names, from, math.min(from + ${A_CALL} - 1, count)))
  for i = 1, #known do
    local expected = ARGV[9 + (from + i - 2) * 4 + 1]
    if (known[i] or '0') ~= expected then return {'SEQUENCE', names[from + i - 1], known[i] or '0', expected} end
  end
end
local added = {}
for at = 9 + count * 4, #ARGV, 9 do
  local key = KEYS[3 + tonumber(ARGV[at])]
  local id = ARGV[at + 1] .. '-0'
  local done = redis.pcall('XADD', key, id, 'sequence', ARGV[at + 2], 'type', ARGV[at + 3], 'version', ARGV[at + 4], 'at', ARGV[at + 5], 'epoch', ARGV[at + 6], 'payload', ARGV[at + 7], 'checksum', ARGV[at + 8])
  if type(done) == 'table' and done.err then
    for _, one in ipairs(added) do redis.call('XDEL', one[1], one[2]) end
    return done
  end
  added[#added + 1] = {key, id}
end
for from = 1, #lasts, ${A_CALL} do redis.call('HSET', KEYS[2], unpack(lasts, from, math.min(from + ${A_CALL} - 1, #lasts))) end
for from = 1, #newest, ${A_CALL} do redis.call('HSET', KEYS[3], unpack(newest, from, math.min(from + ${A_CALL} - 1, #newest))) end
redis.call('HSET', KEYS[1], 'position', ARGV[6], 'checksum', ARGV[7])
return {'OK'}
`);

/** Lets go of everything through a position. KEYS head, then the streams; ARGV epoch, holder, connection, position and checksum of the new anchor. */
export const RELEASE = script(`${FENCE}
if tonumber(head[4]) < tonumber(ARGV[4]) then return {'HEAD'} end
redis.call('HSET', KEYS[1], 'anchorPosition', ARGV[4], 'anchorChecksum', ARGV[5])
local least = string.format('%d-0', tonumber(ARGV[4]) + 1)
for i = 2, #KEYS do redis.call('XTRIM', KEYS[i], 'MINID', '=', least) end
return {'OK'}
`);

/** Runs a script by its hash, and by its text where the server does not know it (restarted, flushed, failed over). */
export async function run(connection: RedisConnection, { sha, text }: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<readonly string[]> {
  try {
    return (await connection.call('EVALSHA', sha, keys.length, ...keys, ...args)) as string[];
  } catch (error) {
    if (!(error instanceof RedisFault) || error.reason !== 'NOSCRIPT') throw error;
    return (await connection.call('EVAL', text, keys.length, ...keys, ...args)) as string[];
  }
}
