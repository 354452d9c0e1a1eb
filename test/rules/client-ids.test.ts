/** Client ids: what the venue takes, worked out again from what they are for, and never the same for two purposes. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { SymbolName } from '../../src/protocol/names.ts';
import { clientIdFor, externalIntentIdFor, ID_PREFIXES, intentIdFor, planIdFor, readClientId, SIGNAL_BUCKET_MS, TAG_ALPHABET, TAG_LENGTH } from '../../src/rules/client-ids.ts';
import type { IdPrefix, Leg } from '../../src/rules/client-ids.ts';
import { CHINESE, GPS, HYPE } from '../kit/decisions.ts';

const ID_PREFIX = ID_PREFIXES.sdk;
const prefixes = fc.constantFrom<IdPrefix>('sdk', 'none');
const LEGS: readonly Leg[] = ['entry', 'close', 'reduce', 'stop', 'target', 'configure'];
const tags = fc.string({ unit: fc.constantFrom(...TAG_ALPHABET.split('')), minLength: TAG_LENGTH, maxLength: TAG_LENGTH });
const purposes = fc.string({ unit: 'binary', maxLength: 60 });
const legs = fc.constantFrom(...LEGS);
const BUCKET_START = 5_900_000 * SIGNAL_BUCKET_MS;

describe('client ids', () => {
  it('fit the venue for any purpose, Unicode included, and read back with tag and leg (rulings 8, 26)', () => {
    fc.assert(
      fc.property(tags, legs, purposes, fc.nat(), prefixes, (tag, leg, of, attempt, prefix) => {
        const id = clientIdFor(tag, leg, of, attempt, prefix);
        expect(id).to.match(/^[.A-Z:/a-z0-9_-]{1,36}$/);
        expect(id.startsWith(ID_PREFIXES[prefix])).to.equal(true);
        expect(clientIdFor(tag, leg, of, attempt, prefix)).to.equal(id);
        expect(readClientId(id)).to.deep.equal({ tag, leg });
      }),
      { numRuns: 2_000, seed: 8 },
    );
  });

  it('are the same in every build: recovery works them out again (ruling 36)', () => {
    expect(clientIdFor('test', 'entry', 'plan-1', 1)).to.equal('x-15PC4ZJytestewhbtqmy4schrhwjtbbfv');
    expect(clientIdFor('test', 'stop', `plan-${CHINESE}`, 2)).to.equal('x-15PC4ZJytestsq86kz13kg12gd9hhidt0');
    expect(clientIdFor('test', 'entry', 'plan-1', 1, 'none')).to.equal('vigil-testewhbtqmy4schrhwjtbbfv');
  });

  it('differ by tag, leg, purpose and attempt: no two of many are the same', () => {
    const seen = new Map<string, string>();
    for (const tag of ['aaaa', 'aaab'])
      for (const leg of LEGS)
        for (const purpose of ['plan-1', 'plan-11', 'plan-', CHINESE, 'é', 'e\u0301'])
          for (let attempt = 1; attempt <= 120; attempt++) {
            const id = clientIdFor(tag, leg, purpose, attempt);
            expect(seen.get(id), `${tag} ${leg} ${purpose} ${attempt}`).to.equal(undefined);
            seen.set(id, `${tag} ${leg} ${purpose} ${attempt}`);
          }
    expect(seen.size).to.equal(2 * 6 * 6 * 120);
  });

  for (const foreign of ['', 'web_abc', ID_PREFIX, `${ID_PREFIX}aaaae`, `${ID_PREFIX}aaaax${'a'.repeat(20)}`, `${ID_PREFIX}aaaae${'a'.repeat(21)}`, `${ID_PREFIX}aaaae${'a'.repeat(19)}`, `x-15PC4ZJz${'a'.repeat(25)}`, `android_${'a'.repeat(27)}`, `vigil-aaaae${'a'.repeat(24)}`, `vigil-aaaax${'a'.repeat(20)}`, 'vigil-']) {
    it(`${JSON.stringify(foreign)} is not one of ours`, () => expect(readClientId(foreign)).to.equal(undefined));
  }
});

describe('plan ids', () => {
  const plan = (fields: { source?: string; symbol?: SymbolName; side?: 'LONG' | 'SHORT'; at?: number } = {}) => planIdFor(fields.source ?? 'trend-24h', fields.symbol ?? GPS, fields.side ?? 'LONG', fields.at ?? BUCKET_START);

  it('are one for the whole of a 5-minute bucket of venue time, and another for the next (failure 46, ruling 19)', () => {
    expect(plan({ at: BUCKET_START + 299_999 })).to.equal(plan());
    expect(plan({ at: BUCKET_START + 300_000 })).not.to.equal(plan());
    expect(plan({ at: BUCKET_START - 1 })).not.to.equal(plan());
  });

  it('differ by source, symbol and side', () => {
    const ids = [plan(), plan({ source: 'remote-model' }), plan({ symbol: HYPE }), plan({ symbol: CHINESE }), plan({ side: 'SHORT' })];
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('and those of intents have sixteen characters after the word: one build finds what another has written', () => {
    const ids = [plan(), intentIdFor('trend-24h', GPS, 'LONG', 1), externalIntentIdFor('manual', GPS, 'LONG', 'key-1')];
    for (const id of ids) expect(id).to.match(/^(plan|intent)-[0-9a-z]{16}$/);
  });

  it('of intents differ by the millisecond', () => {
    expect(intentIdFor('trend-24h', GPS, 'LONG', 1)).to.equal(intentIdFor('trend-24h', GPS, 'LONG', 1));
    expect(intentIdFor('trend-24h', GPS, 'LONG', 1)).not.to.equal(intentIdFor('trend-24h', GPS, 'LONG', 2));
  });
});
