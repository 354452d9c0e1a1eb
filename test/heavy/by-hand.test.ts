/** What a person changes at the venue in the moment before an opening: the venue tells of it with the position, and so does the service. */
import { expect } from 'chai';
import { only } from '../kit/main-job.ts';
import { eventually, useSandbox } from '../kit/service.ts';
import type { Json } from '../kit/service.ts';

const SYMBOL = 'GPSUSDT';
/** Far below the minute after which the settings are read again. */
const AT_ONCE_MS = 10_000;

describe('by hand, in the moment before an opening', function () {
  this.timeout(60_000);
  const box = useSandbox();

  it('the margin mode put to CROSSED is on record with the first word of the position, nothing more is opened, and it is set back when it is flat', async () => {
    const paper = await box.paper();
    const service = box.service({ paper, sets: [only(SYMBOL), 'generator.minConfidence=1', 'risk.symbolCooldownMs=0'] });
    await service.well();
    await paper.signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'CROSSED' });
    const opening = await service.post('/v1/intents', { source: 'manual', symbol: SYMBOL, side: 'LONG', confidence: 1 });
    expect(opening.status, JSON.stringify(opening.json)).to.equal(202);
    const alert = await eventually(
      'the finding',
      async () => {
        const alerts: readonly Json[] = await service.get('/v1/alerts');
        const found = alerts.find(({ name }) => name === `finding/SETTINGS_DIFFER/${SYMBOL}`);
        if (found === undefined) throw new Error(JSON.stringify(alerts));
        return found;
      },
      AT_ONCE_MS,
    );
    expect(alert.message).to.include('marginMode CROSSED instead of ISOLATED');
    await service.protectedOnes([SYMBOL]);
    expect((await paper.truth()).positions.map(({ symbol, marginType }) => [symbol, marginType]), 'it is held as it is').to.deep.equal([[SYMBOL, 'CROSSED']]);

    await service.post('/v1/flatten', { reason: 'a test', symbol: SYMBOL });
    await eventually('it is set back', async () => (await service.actor(`executor/${SYMBOL}`)).state.life.leverageConfirmed === true, AT_ONCE_MS);
    expect((await service.post('/v1/reconcile', { symbol: SYMBOL })).status).to.equal(200);
    expect((await service.actor(`executor/${SYMBOL}`)).state.life, 'and the venue says so, too').to.include({ leverageConfirmed: true }).and.to.have.nested.property('settings.marginMode', 'ISOLATED');
  });
});
