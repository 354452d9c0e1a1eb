/** What the watchdog's answers look like to a person. */
import type { AlertView, FlowView } from '../../protocol/read-models.ts';
import { duration, table } from './table.ts';

export function flowsScreen(flows: readonly FlowView[]): string {
  if (flows.length === 0) return 'No flow contract.\n';
  const rows = flows.map((flow) => [
    flow.edge,
    flow.producer,
    `${flow.broken ? '✖' : '●'} ${flow.breaker === 'open' ? 'misconfigured' : flow.state}`,
    flow.everyMs === null ? '' : duration(flow.everyMs),
    flow.lastSeenAgeMs === null ? 'never' : `${duration(flow.lastSeenAgeMs)} ago`,
    Object.entries(flow.outcomes).toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`).join(', '),
    flow.message,
  ]);
  return table(['EDGE', 'PRODUCER', 'STATE', '#EVERY', '#LAST', 'OUTCOMES', 'WHAT'], rows);
}

export function alertsScreen(alerts: readonly AlertView[]): string {
  if (alerts.length === 0) return 'No alert.\n';
  return table(['ALERT', 'SINCE', 'WHAT'], alerts.map((alert) => [alert.name, alert.since, alert.message]));
}
