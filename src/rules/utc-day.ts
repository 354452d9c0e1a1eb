/** The UTC day of a moment, as text: days are counted by the venue's time, and the same everywhere. */

const DAY_MS = 86_400_000;

/** `2026-11-22`. Years of 365.2425 days that begin in March, so that the leap day comes last (Hinnant's civil_from_days). */
export function utcDay(epochMs: number): string {
  const days = Math.floor(epochMs / DAY_MS) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const year = yearOfEra + era * 400 + (month < 10 ? 0 : 1);
  return `${String(year).padStart(4, '0')}-${String(month < 10 ? month + 3 : month - 9).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
