/** `<data-dir>/trading-state`: the lowered state, fsynced before anything else is tried; readable when the journal is not (ruling 11). */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { VigilError } from '../protocol/errors.ts';
import type { SymbolName } from '../protocol/names.ts';
import { unwritable } from './data-directory.ts';
import type { TradingStateFile } from './port.ts';

const stateName = z.enum(['ACTIVE', 'REDUCING', 'HALTED', 'FLATTENING']);
const fileSchema = z.strictObject({ overall: stateName, symbols: z.record(z.string(), stateName), cause: z.string(), since: z.number() });

export function tradingStateFile(path: string): TradingStateFile {
  return {
    read() {
      let content: string;
      try {
        content = readFileSync(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw unwritable(dirname(path), path, error, 'read');
      }
      const parsed = fileSchema.safeParse(parseJson(content));
      if (!parsed.success) throw new VigilError('JOURNAL_CORRUPT', `${path} is not a trading state (${parsed.error.issues[0]?.message ?? 'not JSON'}); write {"overall":"HALTED","symbols":{},"cause":"repaired","since":0} into it, then activate`);
      return { ...parsed.data, symbols: new Map(Object.entries(parsed.data.symbols).map(([symbol, state]) => [symbol as SymbolName, state])) };
    },
    write(state) {
      const { overall, cause, since } = state;
      const text = JSON.stringify({ overall, symbols: Object.fromEntries(state.symbols), cause, since });
      const next = `${path}.next`;
      // Not one `write`: of what a nearly full disk has room for a part of, it takes that part, and is content.
      synced(next, 'w', (handle) => writeFileSync(handle, `${text}\n`));
      renameSync(next, path);
      synced(dirname(path), 'r', () => undefined);
    },
  };
}

/** Opens it, does the work, and has it on the disk; closed in any case. */
function synced(path: string, flags: 'w' | 'r', work: (handle: number) => void): void {
  const handle = openSync(path, flags, 0o600);
  try {
    work(handle);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
