/** Text for a terminal: columns align in every script, and nothing from outside commands the terminal. */
import { expect } from 'chai';
import { branches, outline, table } from '../../src/operator/commands/table.ts';
import { printable, widthOf } from '../../src/operator/commands/width.ts';

describe('text for a terminal', () => {
  for (const [text, columns] of [['GPSUSDT', 7], ['币安人生USDT', 12], ['ｱ', 1], ['Ａ', 2], ['한글', 4], ['e\u0301', 1], ['👩‍👩‍👧', 2], ['▲ none', 6], ['├─ ', 3], ['', 0]] as const) {
    it(`${JSON.stringify(text)} takes ${columns} columns`, () => {
      expect(widthOf(text)).to.equal(columns);
    });
  }

  it('tables align wide names with narrow ones, numbers to the right, and leave no blanks at the end', () => {
    expect(table(['SYMBOL', '#QUANTITY', 'STATE'], [['GPSUSDT', '19000', 'Protected'], ['币安人生USDT', '7', 'Closing']])).to.equal(
      ['SYMBOL        QUANTITY  STATE', 'GPSUSDT          19000  Protected', '币安人生USDT         7  Closing', ''].join('\n'),
    );
  });

  it('a name cannot move the cursor, break the line or turn the writing', () => {
    expect(printable('a\u001B[2Jb\nc\u202Ed')).to.equal('a\uFFFD[2Jb c\uFFFDd');
    expect(table(['A'], [['x\u001B[31my']])).to.equal('A\nx\uFFFD[31my\n');
  });

  it('a tree has its branches', () => {
    const leaf = (name: string) => ({ name, children: [] as { name: string; children: never[] }[] });
    const root = { name: 'vigil', children: [{ name: 'venue', children: [leaf('gateway'), leaf('market')] }, leaf('bridge')] };
    expect(branches<{ name: string; children: readonly { name: string; children: readonly never[] }[] }>(root as never).map(({ lead, node }) => lead + node.name)).to.deep.equal(['vigil', '├─ venue', '│  ├─ gateway', '│  └─ market', '└─ bridge']);
  });

  it('an outline shows unknown as a question, and lists of objects as tables', () => {
    expect(outline({ version: 3, since: null, symbols: ['A', 'B'], excluded: [{ symbol: 'OLD', reason: 'NOT_LISTED' }], none: [], deep: { x: 1 } })).to.equal(
      ['version: 3', 'since: ?', 'symbols: A, B', 'excluded:', '  symbol  reason', '  OLD     NOT_LISTED', 'none: none', 'deep:', '  x: 1', ''].join('\n'),
    );
  });
});
