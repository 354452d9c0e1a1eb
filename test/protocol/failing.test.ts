/** A fact that lasts is said once, again with each minute, and once when it is over; another cause is another fact. */
import { expect } from 'chai';
import { Failing, SAID_AGAIN_MS } from '../../src/protocol/failing.ts';

describe('what fails again and again', () => {
  it('is said when it begins, once a minute with how long, and when it is over', () => {
    const failing = new Failing();
    const said = Array.from({ length: 361 }, (_, index) => [index * 500, failing.failed(5_000 + index * 500, `ECONNREFUSED 127.0.0.1:${40_000 + index}`)] as const).filter(([, news]) => news !== undefined);
    expect(said).to.deep.equal([
      [0, { failures: 1, forMs: 0 }],
      [60_000, { failures: 121, forMs: 60_000 }],
      [120_000, { failures: 241, forMs: 120_000 }],
      [180_000, { failures: 361, forMs: 180_000 }],
    ]);
    expect(failing.over(200_000)).to.deep.equal({ failures: 361, forMs: 195_000 });
    expect(failing.over(200_001)).to.equal(undefined);
    expect(failing.failed(201_000, 'ECONNREFUSED 127.0.0.1:1')).to.deep.equal({ failures: 1, forMs: 0 });
  });

  it('is said for each cause, also when two take turns, and is bounded when every text is another', () => {
    const failing = new Failing();
    expect(failing.failed(0, 'refused')).to.deep.equal({ failures: 1, forMs: 0 });
    expect(failing.failed(10, 'timed out after 4000 ms')).to.deep.equal({ failures: 2, forMs: 10 });
    for (let turn = 0; turn < 20; turn++) expect(failing.failed(20 + turn, turn % 2 === 0 ? 'refused' : 'timed out after 4001 ms')).to.equal(undefined);
    const letters = (number: number) => String.fromCharCode(97 + (number % 26), 97 + Math.floor(number / 26));
    const said = Array.from({ length: 100 }, (_, index) => failing.failed(1_000 + index, letters(index))).filter((news) => news !== undefined);
    expect(said).to.have.length(18);
    expect(failing.failed(1_100 + SAID_AGAIN_MS, 'refused')).not.to.equal(undefined);
  });
});
