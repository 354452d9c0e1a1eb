/** Settings of the service in benches that try something else: no limit of risk stands in an opening's way. */
export const OPEN_WIDE: readonly string[] = [
  'universe.policy=null',
  'generator.shadows=[]',
  'exits.killScore=1',
  'risk.opensPerHour=10000',
  'risk.opensPer5Min=10000',
  'risk.killScoreMax=1',
  'risk.volatilityMaxPercent=99',
  'risk.spreadMaxBps=1000',
  'risk.edgeToCost=0',
  'risk.dailyLossPercent=99',
  'risk.sessionDrawdownPercent=99',
  'risk.totalDrawdownPercent=99',
  'risk.flattenDrawdownPercent=99',
  'risk.fundingAdversePercent=100',
];
