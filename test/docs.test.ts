/** The documents made from code are as the code makes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generatedDocs } from '../scripts/generate-docs.ts';
import { PROJECT_ROOT } from '../src/service/build-id.ts';

describe('documents made from code', () => {
  it('are up to date (`npm run docs` writes them)', async () => {
    for (const [file, content] of await generatedDocs()) expect(readFileSync(join(PROJECT_ROOT, file), 'utf8'), file).to.equal(content);
  });
});
