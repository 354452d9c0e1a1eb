/** Tokens of external sources: from a file nobody else can read, for declared sources only, and never shown. */
import { expect } from 'chai';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intentTokensOf } from '../../src/config.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { defaultConfig } from '../kit/composed-tree.ts';

const TOKEN = 'a-token-that-is-long-enough';

function tokensOf(text: string, mode = 0o600, sources = 'manual,desk'): ReadonlyMap<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'vigil-tokens-'));
  const file = join(directory, 'tokens.json');
  try {
    writeFileSync(file, text);
    chmodSync(file, mode);
    return intentTokensOf(defaultConfig(`intents.tokensFile=${file}`, `intents.sources=${sources}`));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function faultOf(run: () => unknown): VigilError {
  try {
    run();
  } catch (error) {
    if (error instanceof VigilError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('tokens of external sources', () => {
  it('are read for declared sources; without a file there are none', () => {
    expect(tokensOf(JSON.stringify({ desk: TOKEN }))).to.deep.equal(new Map([['desk', TOKEN]]));
    expect(intentTokensOf(defaultConfig()).size).to.equal(0);
  });

  for (const [what, text, code] of [
    ['a source nobody declared', JSON.stringify({ injector: TOKEN }), 'CONFIG_INVALID'],
    ['a token that is too short', JSON.stringify({ desk: 'short' }), 'CONFIG_INVALID'],
    ['a token with blanks', JSON.stringify({ desk: `${TOKEN} ${TOKEN}` }), 'CONFIG_INVALID'],
    ['one token for two', JSON.stringify({ desk: TOKEN, manual: TOKEN }), 'CONFIG_INVALID'],
    ['a list', '[1]', 'CONFIG_INVALID'],
    ['no YAML', '{', 'CONFIG_UNREADABLE'],
  ] as const) {
    it(`refuses ${what} by setting, and shows no token`, () => {
      const error = faultOf(() => tokensOf(text));
      expect(error.code).to.equal(code);
      expect(error.explain()).to.match(/intents\.tokensFile|tokens\.json/).and.not.to.contain(TOKEN);
    });
  }

  it('refuses a file that others can read', () => {
    const error = faultOf(() => tokensOf(JSON.stringify({ desk: TOKEN }), 0o644));
    expect(error.code).to.equal('CREDENTIALS_UNSAFE');
    expect(error.message).to.contain('intents.tokensFile');
  });
});
