/** What retention may let go of by age alone: logs, of which nobody needs more than the newest part. */

/**
 * Entities that are logs. Their readers take what is left, which may be nothing, and the next number from `lastSequence`. Everything
 * else is state: an entry of it is let go of only when a later Snapshot of its entity stands for it.
 */
const LOGS: ReadonlyMap<string, string> = new Map([
  ['decisions', 'asked about for days, never folded'],
  ['operator', 'the audit trail: each act stands alone'],
  ['journal', 'its own outages: each stands alone'],
  ['intents', 'a key of an intent from outside is remembered a day'],
]);

/** Entities of which there are many: all that begin so. */
const LOG_FAMILIES: ReadonlyMap<string, string> = new Map([
  ['account/', 'one a day, from before the entity `account`, which stands for them'],
  ['shadow/', 'a shadow that runs writes its Snapshot long before it is old; one that was removed is forgotten'],
]);

/** Whether age alone lets go of this entity's entries. */
export function isLog(entity: string): boolean {
  return LOGS.has(entity) || [...LOG_FAMILIES.keys()].some((family) => entity.startsWith(family));
}
