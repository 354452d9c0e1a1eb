/** What is shown of a state or a message: no secret, nothing without end, and everything as JSON takes it. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { redact, redactedLine, redactText, STATE } from '../../src/supervision/redact.ts';

describe('what is shown of a value', () => {
  it('hides secrets at any depth, and shows counts and flags that merely have such a name', () => {
    const shown = redact({ gateway: { apiKey: 'k', apiSecret: 's', list: [{ listenKey: 'l' }], credentials: { key: 'x' }, tokens: 40, hasToken: true, password: 1234, secret: null } });
    expect(shown).to.deep.equal({ gateway: { apiKey: '[redacted]', apiSecret: '[redacted]', list: [{ listenKey: '[redacted]' }], credentials: '[redacted]', tokens: 40, hasToken: true, password: '[redacted]', secret: null } });
  });

  it('hides secrets inside texts and errors, and in maps by their keys', () => {
    expect(redactText('GET /x?symbol=A&signature=00ff token: abc "apiSecret":"zzz"')).not.to.match(/00ff|abc|zzz/);
    expect(redact(new Map<string, unknown>([['authorization', 'Bearer abc'], ['error', new Error('secret=abc')]]))).to.deep.equal({ authorization: '[redacted]', error: 'Error: secret=[redacted]' });
  });

  it('writes maps, sets, decimals, dates and bigints as JSON', () => {
    const shown = redact({ map: new Map([['币安人生USDT', decimal('0.00000001')]]), set: new Set([1, 2]), big: 12n, at: new Date(0), gone: undefined });
    expect(JSON.stringify(shown)).to.equal('{"map":{"币安人生USDT":"0.00000001"},"set":[1,2],"big":"12","at":"1970-01-01T00:00:00.000Z"}');
  });

  it('ends in a value that contains itself, in one without end, and in one that branches without end', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    expect(JSON.stringify(redact(self, STATE))).to.contain('[object]');
    const long = redact(Array.from({ length: 5_000 }, (_none, at) => at), STATE) as unknown[];
    expect(long.at(-1)).to.equal('[3000 more]');
    const wide: unknown[] = [];
    wide.push(...Array.from({ length: 1_000 }, () => wide));
    expect(JSON.stringify(redact(wide, STATE)).length).to.be.below(2_000_000);
  });

  it('a getter that throws hides itself and nothing else', () => {
    const value = { good: 1, bad: { get worse(): never { throw new Error('no'); } } };
    expect(redact(value)).to.deep.equal({ good: 1, bad: '[unreadable]' });
  });

  it('is cut to a line of the length asked for, after secrets are out', () => {
    expect(redactedLine({ text: 'x'.repeat(100), token: 'abc' }, 20)).to.equal(`{"text":"${'x'.repeat(11)}…`);
    expect(redactedLine({ token: 'abc' })).to.equal('{"token":"[redacted]"}');
  });
});
