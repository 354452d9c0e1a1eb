/** The tokens of external sources, from a file that nobody else can read; never shown. */
import { z } from 'zod';
import { VigilError } from '../protocol/errors.ts';
import { readPrivately } from './credentials.ts';
import { throwFaults } from './faults.ts';
import { parseYaml } from './layer.ts';
import type { Config } from './schema.ts';

const SHORTEST = 16;
const tokensSchema = z.record(z.string(), z.string().regex(/^\S+$/).min(SHORTEST));

/**
 * `{SOURCE: TOKEN}` of the declared sources; a source without a token hands in over the socket alone.
 * @throws VigilError CREDENTIALS_UNSAFE, CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function intentTokensOf({ intents: { sources, tokensFile } }: Config): ReadonlyMap<string, string> {
  if (tokensFile === undefined) return new Map();
  const { document, problems } = parseYaml(readPrivately(tokensFile, 'intents.tokensFile'));
  if (problems.length > 0) throw new VigilError('CONFIG_UNREADABLE', `${tokensFile} is not YAML: ${problems.join('; ')}`, { details: { file: tokensFile } });
  const fault = (expected: string) => throwFaults([{ path: 'intents.tokensFile', value: JSON.stringify(tokensFile), source: tokensFile, expected }]);
  const result = tokensSchema.safeParse(document.toJS());
  if (!result.success) {
    fault(`a file {SOURCE: TOKEN}, each token of at least ${SHORTEST} characters without blanks (at fault: ${result.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ')})`);
    throw result.error;
  }
  const tokens = new Map(Object.entries(result.data));
  const strangers = [...tokens.keys()].filter((source) => !sources.includes(source));
  if (strangers.length > 0) fault(`tokens of declared sources (intents.sources: ${sources.join(', ')}); not declared: ${strangers.join(', ')}`);
  if (new Set(tokens.values()).size !== tokens.size) fault('a token of its own for each source');
  return tokens;
}
