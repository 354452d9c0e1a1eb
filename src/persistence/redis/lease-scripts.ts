/** The lease of a journal's only writer, in Redis: taken, renewed and given back by scripts, by the server's own clock. */
import { FORMAT, script } from './scripts.ts';

const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind ~= 'hash' and kind ~= 'none' then return {'FOREIGN', KEYS[1] .. ' is a ' .. kind} end
local lease = redis.call('HMGET', KEYS[1], 'holder', 'until', 'released', 'host', 'pid', 'space', 'born', 'startedAt', 'epoch', 'format')
if lease[1] and lease[10] ~= '${FORMAT}' then return {'FOREIGN', KEYS[1] .. ' has format ' .. (lease[10] or 'none')} end
`;

const HOLD = `
redis.call('HSET', KEYS[1], 'format', '${FORMAT}', 'holder', ARGV[1], 'until', string.format('%d', now + tonumber(ARGV[2])), 'released', '0', 'host', ARGV[3], 'pid', ARGV[4], 'space', ARGV[5], 'born', ARGV[6], 'startedAt', ARGV[7], 'epoch', ARGV[8])
`;

/**
 * KEYS lease, head of the journal; ARGV holder, ms, host, pid, space, born, startedAt, epoch, then a holder that is known to be dead ('' none).
 * Answers HELD with the holder's fields and the ms that are left; FREE when nobody can still be sending; EXPIRED when somebody may.
 */
export const CLAIM = script(`${NOW}
local free = not lease[1] and redis.call('EXISTS', KEYS[2]) == 0 or lease[3] == '1' or lease[1] == ARGV[1] or lease[1] == ARGV[9]
local left = tonumber(lease[2] or '0') - now
if lease[1] and not free and left > 0 then return {'HELD', lease[1], string.format('%d', left), lease[4], lease[5], lease[6], lease[7], lease[8]} end
${HOLD}
return {free and 'FREE' or 'EXPIRED', lease[1] or '', string.format('%d', left), lease[4] or '', lease[5] or '0', lease[6] or '', lease[7] or '', lease[8] or ''}
`);

/** KEYS lease; ARGV as CLAIM, without the last. Answers RENEWED and whether a standby is registered; TAKEN with the holder's fields. */
export const RENEW = script(`${NOW}
if lease[1] and lease[1] ~= ARGV[1] then return {'TAKEN', lease[1], '0', lease[4], lease[5], lease[6], lease[7], lease[8]} end
${HOLD}
return {'RENEWED', redis.call('HEXISTS', KEYS[1], 'standby') == 1 and '1' or '0'}
`);

/** Gives the place back: KEYS lease; ARGV holder. Nobody has to wait for it to expire. */
export const GIVE_BACK = script(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return {'STRANGER'} end
redis.call('HSET', KEYS[1], 'released', '1')
return {'OK'}
`);
