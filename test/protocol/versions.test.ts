/** What an older Vigil has written is read as today's; what a later one has written is refused by name, and never guessed at. */
import { expect } from 'chai';
import { ERRORS, VigilError } from '../../src/protocol/errors.ts';
import { LIFE_VERSIONS, parseLifeEvent } from '../../src/protocol/life-events.ts';
import { upcast } from '../../src/protocol/versions.ts';
import type { Versions } from '../../src/protocol/versions.ts';

interface Doubled {
  readonly quantity: string;
}

/** A family whose type `Filled` changed twice, and `Closed` never. */
const FAMILY: Versions = {
  what: 'test event',
  types: ['Filled', 'Closed'],
  current: 3,
  steps: {
    Filled: {
      1: (payload) => ({ quantity: String((payload as { size: number }).size) }),
      2: (payload) => ({ ...(payload as Doubled), side: 'BUY' }),
    },
  },
};

describe('versions of entries', () => {
  it('an older one passes every step from its own version on, in order', () => {
    expect(upcast(FAMILY, 'Filled', 1, { size: 3 })).to.deep.equal({ quantity: '3', side: 'BUY' });
    expect(upcast(FAMILY, 'Filled', 2, { quantity: '3' })).to.deep.equal({ quantity: '3', side: 'BUY' });
  });

  it('one of today is taken as it is, and so is an older one of a type that kept its shape', () => {
    const payload = { anything: [1, null] };
    for (const [type, version] of [['Filled', 3], ['Closed', 1], ['Closed', 2], ['Closed', 3]] as const) expect(upcast(FAMILY, type, version, payload), `${type} ${version}`).to.equal(payload);
  });

  it('a step may answer with nothing at all', () => {
    expect(upcast({ ...FAMILY, current: 2, steps: { Closed: { 1: () => null } } }, 'Closed', 1, { old: true })).to.equal(null);
  });

  it('a later version, and a type nobody knows, are refused with what to do about it', () => {
    for (const [type, version, message] of [['Filled', 4, 'test event Filled has version 4; this build knows 3'], ['Funded', 1, 'test event "Funded" is of no type this build knows'], ['toString', 1, 'test event "toString" is of no type'], ['Filled', 0, 'test event Filled has version 0, which never was']] as const) {
      const refused = () => upcast(FAMILY, type, version, {});
      expect(refused, message).to.throw(VigilError, message).that.includes({ code: 'JOURNAL_FOREIGN' });
      expect(refused).to.throw(/run the version of Vigil that wrote it$/);
    }
    expect(ERRORS.JOURNAL_FOREIGN.remedy).to.contain('run the version that wrote it');
  });

  it('a life event of an older version is read as today\'s, and checked as today\'s', () => {
    // As if the shape of DriftCleared had once been another.
    const next: Versions = { ...LIFE_VERSIONS, current: 2, steps: { DriftCleared: { 1: (payload) => ({ venue: (payload as { stated: string }).stated }) } } };
    expect(parseLifeEvent('DriftCleared', 1, 7, { stated: '-5.91' }, next)).to.deep.equal({ type: 'DriftCleared', at: 7, venue: '-5.91' });
    expect(parseLifeEvent('DriftCleared', 2, 7, { venue: '0' }, next)).to.deep.equal({ type: 'DriftCleared', at: 7, venue: '0' });
    expect(parseLifeEvent('PlanEnded', 1, 7, { planId: 'plan-1', code: 'RESTARTED' }, next).type, 'a type that kept its shape').to.equal('PlanEnded');
    expect(() => parseLifeEvent('DriftCleared', 2, 7, { stated: '0' }, next), 'an old shape under the new version').to.throw(/venue/);
  });
});
