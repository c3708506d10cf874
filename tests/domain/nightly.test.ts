import { describe, expect, test } from '@jest/globals';
import {
  gapStarts,
  localDate,
  nextStart,
  nightlyTimes,
  nightOf,
  startOn,
  troubledDates,
} from '../../workflows/domain/nightly.ts';

/** Zones where summer time begins or ends over 03:15 in 2027 (reference/temporal.md 1.3): missing, doubled. */
const march28 = { missing: '2027-03-28', twice: '2027-10-31' };
const troubled: readonly (readonly [string, { readonly missing: string; readonly twice: string }])[] = [
  ['Europe/Athens', march28],
  ['Europe/Bucharest', march28],
  ['Europe/Chisinau', march28],
  ['Europe/Helsinki', march28],
  ['Europe/Kyiv', march28],
  ['Europe/Mariehamn', march28],
  ['Europe/Riga', march28],
  ['Europe/Sofia', march28],
  ['Europe/Tallinn', march28],
  ['Europe/Vilnius', march28],
  ['Asia/Nicosia', march28],
  ['Asia/Famagusta', march28],
  ['Pacific/Chatham', { missing: '2027-09-26', twice: '2027-04-04' }],
];
const fine = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Los_Angeles',
  'Asia/Tokyo',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
];

const datesOf = (year: number): readonly string[] =>
  Array.from({ length: 365 }, (_, n) => new Date(Date.UTC(year, 0, 1 + n)).toISOString().slice(0, 10));

describe.each(troubled)('%s in 2027', (zone, { missing, twice }) => {
  test('one date has no 03:15, another has two', () => {
    expect(troubledDates(zone, 2027).toSorted((one, other) => one.times - other.times)).toEqual([
      { date: missing, times: 0 },
      { date: twice, times: 2 },
    ]);
    expect(nightlyTimes(missing, zone)).toEqual([]);
    const [first = '', second = ''] = nightlyTimes(twice, zone);
    expect(Date.parse(second) - Date.parse(first)).toBe(3_600_000);
  });

  test('the missing one starts an hour later, the doubled one once', () => {
    const [year, month, day] = missing.split('-').map(Number);
    expect(gapStarts(zone, new Date('2027-01-01T12:00:00Z'), 1)).toEqual([{ year, month, day, hour: 4, minute: 15 }]);
    expect(nightOf(startOn(missing, zone) ?? '', zone)).toBe(missing);
    // The ledger takes one run a date (tests/ledger/syncs.test.ts): the second is of the same date as the first.
    expect(nightlyTimes(twice, zone).map((start) => nightOf(start, zone))).toEqual([twice, twice]);
  });

  test('from start to start, each local date of the year has exactly one', () => {
    const dates: string[] = [];
    let now = new Date(Date.parse(startOn('2027-01-01', zone) ?? '') - 1).toISOString();
    while (dates.length < 365) {
      now = nextStart(now, zone);
      dates.push(localDate(now, zone));
    }
    expect(dates).toEqual(datesOf(2027));
  });
});

describe.each(fine)('%s in 2027', (zone) => {
  test('03:15 comes once a day, and the clock shows it', () => {
    expect(troubledDates(zone, 2027)).toEqual([]);
    expect(gapStarts(zone, new Date('2026-11-22T00:00:00Z'))).toEqual([]);
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short', dateStyle: 'short' });
    for (const date of datesOf(2027)) {
      const times = nightlyTimes(date, zone);
      expect(times).toHaveLength(1);
      const [year, month, day] = date.split('-');
      expect(clock.format(Date.parse(times[0] ?? ''))).toBe(`${day}/${month}/${year}, 03:15`);
    }
  });
});

test('no other zone of this machine has such a date in 2027', () => {
  const names = new Set([...troubled.map(([zone]) => zone), 'Europe/Kiev', 'Europe/Nicosia']);
  const others = Intl.supportedValuesOf('timeZone').filter((zone) => !names.has(zone));
  expect(others.filter((zone) => troubledDates(zone, 2027).length > 0)).toEqual([]);
});

test.each([
  ['2027-03-28T01:15:00Z', 'Europe/Berlin', '2027-03-28'],
  ['2027-01-01T09:59:59Z', 'Pacific/Kiritimati', '2027-01-01'],
  ['2027-01-01T10:00:00Z', 'Pacific/Kiritimati', '2027-01-02'],
  ['2027-01-01T10:59:59Z', 'Pacific/Pago_Pago', '2026-12-31'],
  ['2024-02-29T00:00:00Z', 'UTC', '2024-02-29'],
])('at %s it is, in %s, %s', (iso, zone, date) => {
  expect(localDate(iso, zone)).toBe(date);
});

test.each([
  ['2027-06-01T01:14:59.999Z', '2027-06-01T01:15:00.000Z'],
  ['2027-06-01T01:15:00.000Z', '2027-06-02T01:15:00.000Z'],
  ['2027-06-01T01:15:00Z', '2027-06-02T01:15:00.000Z'],
  ['2027-10-30T20:00:00Z', '2027-10-31T02:15:00.000Z'],
])('after %s the next start in Berlin is %s', (now, next) => {
  expect(nextStart(now, 'Europe/Berlin')).toBe(next);
});

test('a date that a zone left out has no start, and the next one has', () => {
  expect(startOn('2011-12-30', 'Pacific/Apia')).toBeUndefined();
  expect(localDate(nextStart('2011-12-30T09:00:00Z', 'Pacific/Apia'), 'Pacific/Apia')).toBe('2011-12-31');
});

test('gaps that are past are not planned, and ten years ahead are', () => {
  const gaps = gapStarts('Europe/Helsinki', new Date('2026-11-22T00:00:00Z'));
  expect(gaps[0]).toEqual({ year: 2027, month: 3, day: 28, hour: 4, minute: 15 });
  expect(gaps).toHaveLength(9);
  expect(gapStarts('Europe/Helsinki', new Date('2027-03-28T09:00:00Z'), 1)).toHaveLength(1);
  expect(gapStarts('Europe/Helsinki', new Date('2027-03-29T09:00:00Z'), 1)).toHaveLength(0);
});

test.each(['2027-06-01T01:15:00Z', '2027-06-01T01:15:00.000Z'])('a start at %s is of that night in Berlin', (start) => {
  expect(nightOf(start, 'Europe/Berlin')).toBe('2027-06-01');
});

test.each(['2027-06-01T01:15:01Z', '2027-06-01T02:15:00Z', '2027-06-01T03:15:00Z'])(
  'a start at %s, another hour in Berlin, is one by hand',
  (start) => {
    expect(nightOf(start, 'Europe/Berlin')).toBeNull();
  },
);
