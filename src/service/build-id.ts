/** Which build runs: the version, and the commit where there is one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function buildId(): string {
  const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };
  const commit = headCommit(join(PROJECT_ROOT, '.git'));
  return commit === undefined ? version : `${version}+${commit.slice(0, 12)}`;
}

/** The commit of a plain checkout; undefined where there is none, or where it is packed away. */
function headCommit(gitDir: string): string | undefined {
  const headFile = join(gitDir, 'HEAD');
  if (!existsSync(headFile)) return undefined;
  const head = readFileSync(headFile, 'utf8').trim();
  if (!head.startsWith('ref: ')) return head;
  const refFile = join(gitDir, head.slice(5));
  return existsSync(refFile) ? readFileSync(refFile, 'utf8').trim() : undefined;
}
