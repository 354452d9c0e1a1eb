/** `vigil journal verify|export|stats`: the journal looked at, at rest or beside the service that writes it; never written. */
import { once } from 'node:events';
import type { Config } from '../../config.ts';
import type { ChainedRow } from '../../persistence/port.ts';
import { isoTime } from '../../supervision/clock.ts';
import { VigilError } from '../../protocol/errors.ts';
import { refuseUnknownNames } from './families.ts';
import { statsReport, statsText, unopened, verifyReport, verifyText } from './report.ts';
import type { VerifyReport } from './report.ts';
import { openJournalReader } from './open-reader.ts';
import type { FoundJournal } from './open-reader.ts';

/** Where the answer goes: slower readers are waited for. */
export interface Sink {
  write(text: string): boolean;
}

const DONE = 0;
const FINDINGS = 1;
/** Lines are written together: one write a line costs more than all else. */
const CHARACTERS_A_WRITE = 65_536;

/** @returns the exit code. @throws VigilError when there is nothing that could be read. */
export async function runVerify(config: Config, json: boolean, sink: Sink): Promise<number> {
  const told = async (report: VerifyReport) => {
    await say(sink, json ? `${JSON.stringify(report)}\n` : verifyText(report));
    return report.whole ? DONE : FINDINGS;
  };
  try {
    return await looking(config, async ({ place, reader }) => told(await verifyReport(place, reader)));
  } catch (error) {
    // So damaged that it cannot even be opened: what was asked for is answered all the same.
    if (error instanceof VigilError && error.code === 'JOURNAL_CORRUPT') return told(unopened(error));
    throw error;
  }
}

export async function runStats(config: Config, json: boolean, sink: Sink): Promise<number> {
  return looking(config, async ({ place, reader }) => {
    const report = await statsReport(place, reader);
    await say(sink, json ? `${JSON.stringify(report)}\n` : statsText(report));
    return DONE;
  });
}

export interface ExportOptions {
  /** Wall time of the writer, ms: nothing older. */
  readonly since?: number;
  /** Names; one that ends with `/` stands for all that begin so. None: all. */
  readonly entities: readonly string[];
  readonly types: readonly string[];
}

/** Every entry as a line of JSON, in the order of the journal. */
export async function runExport(config: Config, { since, entities, types }: ExportOptions, sink: Sink): Promise<number> {
  const wanted = ({ entity, type, at }: ChainedRow) =>
    (since === undefined || at >= since) &&
    (types.length === 0 || types.includes(type)) &&
    (entities.length === 0 || entities.some((name) => (name.endsWith('/') ? entity.startsWith(name) : entity === name)));
  refuseUnknownNames(entities, types);
  return looking(config, async ({ reader }) => {
    let waiting = '';
    for await (const row of reader.entries()) {
      if (!wanted(row)) continue;
      waiting += lineOf(row);
      if (waiting.length < CHARACTERS_A_WRITE) continue;
      await say(sink, waiting);
      waiting = '';
    }
    await say(sink, waiting);
    return DONE;
  });
}

/** The payload is the text its checksum was made over, unchanged. */
function lineOf({ position, entity, sequence, type, version, at, writerEpoch, payload, checksum }: ChainedRow): string {
  const before = JSON.stringify({ position, entity, sequence, type, version, at: isoTime(at), writerEpoch });
  return `${before.slice(0, -1)},"payload":${payload},"checksum":"${checksum}"}\n`;
}

async function looking(config: Config, look: (found: FoundJournal) => Promise<number>): Promise<number> {
  const found = await openJournalReader(config);
  try {
    return await look(found);
  } finally {
    await found.reader.close();
  }
}

async function say(sink: Sink, text: string): Promise<void> {
  if (text !== '' && !sink.write(text)) await once(sink as NodeJS.WriteStream, 'drain');
}
