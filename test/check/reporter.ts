/** The report of the tests ends with one plain line that a machine can read, true to what ran: `12 passed, 0 failed`. */
import Mocha from 'mocha';

/** Mocha's own report, and the line after it. */
class SummaryReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    // After the listener of the report itself, which prints its closing lines at this event.
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes = 0, failures = 0 } = runner.stats ?? {};
      process.stdout.write(`\n${passes} passed, ${failures} failed\n`);
    });
  }
}

// Mocha requires its reporters; this is what `require` returns of a module.
export { SummaryReporter as 'module.exports' };
