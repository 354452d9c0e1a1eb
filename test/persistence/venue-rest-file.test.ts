/** The rest a venue wants, kept over a restart: read back as it was, of no other venue, and never a reason not to run. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { venueRestFile } from '../../src/persistence/venue-rest-file.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

const NOW = 1_770_000_000_000;
const REST = { until: NOW + 60_000, banned: true, message: 'IP banned until later' };

describe('the file of the rest a venue wants', () => {
  let directory = '';
  const failures: string[] = [];
  const file = (name: string, venue = 'mainnet', now = NOW) => venueRestFile({ path: join(directory, name), venue, now: () => now, onFailure: (reason) => failures.push(reason) });
  beforeEach(() => {
    directory = temporaryDirectory();
    failures.length = 0;
  });
  afterEach(removeTemporary);

  it('brings back what was written last, and nothing before anything was', () => {
    expect(file('a').read()).to.equal(undefined);
    file('a').write(REST);
    file('a').write({ ...REST, until: NOW + 90_000 });
    expect(file('a').read()).to.deep.equal({ ...REST, until: NOW + 90_000 });
    expect(statSync(join(directory, 'a')).mode & 0o777).to.equal(0o600);
    expect(existsSync(join(directory, 'a.next'))).to.equal(false);
    expect(failures).to.deep.equal([]);
  });

  it('says nothing of another venue', () => {
    file('b').write(REST);
    expect(file('b', 'testnet').read()).to.equal(undefined);
    expect(JSON.parse(readFileSync(join(directory, 'b'), 'utf8'))).to.deep.equal({ venue: 'mainnet', ...REST, saidAt: NOW });
  });

  it('believes no rest of more than three days, the longest there is: a clock was wrong', () => {
    file('c').write({ ...REST, until: NOW + 400 * 86_400_000 });
    expect(file('c').read()?.until).to.equal(NOW + 3 * 86_400_000);
  });

  it('makes no rest longer than the venue wanted it, by a clock that was set back since', () => {
    file('e').write(REST);
    expect(file('e', 'mainnet', NOW - 10_800_000).read()?.until).to.equal(NOW - 10_800_000 + 60_000);
    expect(file('e', 'mainnet', NOW + 20_000).read()?.until, 'nor begins it anew').to.equal(NOW + 60_000);
  });

  it('reads what was written before it was said when', () => {
    writeFileSync(join(directory, 'f'), JSON.stringify({ venue: 'mainnet', ...REST }));
    expect(file('f').read()).to.deep.equal(REST);
    expect(failures).to.deep.equal([]);
  });

  for (const [name, content] of [['nothing', ''], ['half a file', '{"venue":"mainnet","until"'], ['another shape', '{"venue":"mainnet","until":"soon","banned":true,"message":""}'], ['more than there is', '{"venue":"mainnet","until":1,"banned":true,"message":"","extra":1}']] as const) {
    it(`with ${name} in it says that it cannot be read, and does not keep the service from running`, () => {
      writeFileSync(join(directory, 'd'), content);
      expect(file('d').read()).to.equal(undefined);
      expect(failures).to.have.length(1);
      expect(failures[0]).to.include(join(directory, 'd'));
    });
  }

  it('that cannot be written is told of, and does not keep the gateway from going on', () => {
    venueRestFile({ path: join(directory, 'no', 'such'), venue: 'mainnet', now: () => NOW, onFailure: (reason) => failures.push(reason) }).write(REST);
    expect(failures).to.have.length(1);
    expect(failures[0]).to.include('will not know of the rest');
  });
});
