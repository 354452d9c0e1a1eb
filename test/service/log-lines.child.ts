/** Logs more than any pipe holds, for log-lines.test.ts. */
import { createLogger } from '../../src/service/log.ts';

const logger = createLogger({ level: 'info', format: 'json' });
for (let line = 0; line < 100; line++) logger.info({ filling: 'x'.repeat(20_000) }, 'a long line');
process.stderr.write('done\n');
