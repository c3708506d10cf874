/**
 * The calendar of the nightly sync: 03:15 in the integration's zone, once per local date. Where summer time begins or ends
 * over that time it does not exist on one date a year and comes twice on another (reference/temporal.md 1.3).
 */
export const nightly = { hour: 3, minute: 15 } as const;

/** A date of the calendar, without a place: `2027-03-28`. */
interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A start on the wall clock of a zone. */
export interface WallTime extends Day {
  readonly hour: number;
  readonly minute: number;
}

const dayMs = 86_400_000;

/** The local date of an instant: what a night is called. */
export function localDate(iso: string, zone: string): string {
  return dateText(wallAt(Date.parse(iso), zone));
}

/** The instants at which clocks of the zone show 03:15 on that date, earliest first: none, one or two. */
export function nightlyTimes(date: string, zone: string): readonly string[] {
  return instantsOf({ ...dayOf(date), ...nightly }, zone).map((at) => new Date(at).toISOString());
}

/** The dates of a year on which 03:15 does not exist (0) or comes twice (2). */
export function troubledDates(zone: string, year: number): readonly { readonly date: string; readonly times: 0 | 2 }[] {
  const days = (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / dayMs;
  return Array.from({ length: days }, (_, n) => Date.UTC(year, 0, 1) + n * dayMs)
    .filter((start) => offsetAt(start - dayMs, zone) !== offsetAt(start + 2 * dayMs, zone))
    .map((start) => new Date(start).toISOString().slice(0, 10))
    .flatMap((date) => {
      const times = nightlyTimes(date, zone).length;
      return times === 0 || times === 2 ? [{ date, times } as const] : [];
    });
}

/**
 * Starts in place of a 03:15 that does not exist: an hour later on that date, from the given time on, for the years a
 * schedule is likely to stand unchanged. A date that a zone leaves out altogether has none.
 */
export function gapStarts(zone: string, from: Date, years = 10): readonly WallTime[] {
  const first = from.getUTCFullYear();
  return Array.from({ length: years }, (_, n) => troubledDates(zone, first + n))
    .flat()
    .filter(({ date, times }) => times === 0 && date >= localDate(from.toISOString(), zone))
    .flatMap(({ date }) => substitute(date, zone));
}

/** The first quarter past an hour after 03:15 that exists on that date. */
function substitute(date: string, zone: string): readonly WallTime[] {
  const hours = Array.from({ length: 24 - nightly.hour - 1 }, (_, n) => nightly.hour + 1 + n);
  const walls = hours.map((hour) => ({ ...dayOf(date), hour, minute: nightly.minute }));
  return walls.filter((wall) => instantsOf(wall, zone).length > 0).slice(0, 1);
}

/** When the sync of that local date is due: at the first 03:15, or at its substitute. */
export function startOn(date: string, zone: string): string | undefined {
  const [first] = nightlyTimes(date, zone);
  if (first !== undefined) return first;
  const at = substitute(date, zone).flatMap((wall) => instantsOf(wall, zone))[0];
  return at === undefined ? undefined : new Date(at).toISOString();
}

/** The next start strictly after `now`: until then a plan may wait for its approval. */
export function nextStart(now: string, zone: string): string {
  const today = Date.parse(`${localDate(now, zone)}T00:00:00Z`);
  for (let ahead = 0; ahead < 7; ahead += 1) {
    const start = startOn(new Date(today + ahead * dayMs).toISOString().slice(0, 10), zone);
    if (start !== undefined && start > new Date(now).toISOString()) return start;
  }
  throw new RangeError(`no start within a week of ${now} in ${zone}`);
}

/**
 * The local date whose nightly sync a start at that time is: the ledger takes one run a date, so that a second 03:15 does
 * nothing. None: a start that was triggered at another hour is one by hand.
 */
export function nightOf(scheduledAt: string, zone: string): string | null {
  const at = new Date(scheduledAt).toISOString();
  const date = localDate(at, zone);
  return nightlyTimes(date, zone).includes(at) || startOn(date, zone) === at ? date : null;
}

/** Instants at which the zone's clocks show a wall time, earliest first. */
function instantsOf(wall: WallTime, zone: string): readonly number[] {
  const utc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
  const offsets = new Set([-dayMs, -dayMs / 2, 0, dayMs / 2, dayMs].map((away) => offsetAt(utc + away, zone)));
  return [...offsets]
    .map((offset) => utc - offset)
    .filter((at) => asUtc(wallAt(at, zone)) === utc)
    .toSorted((one, other) => one - other);
}

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(at: number, zone: string): number {
  return asUtc(wallAt(at, zone)) - Math.floor(at / 60_000) * 60_000;
}

function asUtc({ year, month, day, hour, minute }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

function wallAt(at: number, zone: string): WallTime {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute') };
}

/** Making a formatter costs a hundred times what using it does. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  clocks.set(zone, clock);
  return clock;
}

function dayOf(date: string): Day {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return { year, month, day };
}

function dateText({ year, month, day }: Day): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
