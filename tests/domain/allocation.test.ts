import { describe, expect, test } from '@jest/globals';
import { advance, begin, resume, type Progress } from '../../workflows/domain/allocation.ts';
import type { Event, Step } from '../../workflows/domain/allocation-steps.ts';

const failure = { code: 'no-free-address', message: 'nothing free', next: 'add some' };
const limits = { maxAttempts: 3, maxConflicts: 2 };
const ip = '192.0.2.1';
const other = '192.0.2.2';

const allocated: Event = { kind: 'allocated', ip };
const unknown: Event = { kind: 'unknown', failure };
const refused: Event = { kind: 'refused', failure };
const inUse: Event = { kind: 'in-use', mark: true };
const over: Event = { kind: 'fence-over' };
const nothing: Event = { kind: 'found', ips: [] };
const found = (...ips: readonly string[]): Event => ({ kind: 'found', ips });
const back: Event = { kind: 'given-back', strays: [] };
const notOurs: Event = { kind: 'not-ours' };
const stray: Event = { kind: 'given-back', strays: [ip] };
const listedNotRead = [notOurs, over, found(ip)] as const;
const lostAndNotFound = [unknown, over, nothing] as const;

interface Played {
  readonly events: readonly Event[];
  readonly from?: Progress;
  /** From this event on the run is stopped. */
  readonly stopAt?: number;
}

function played({ events, from, stopAt }: Played): Progress {
  const start = from ?? begin({ attempts: 0, wanted: null, limits });
  return events.reduce((progress, event, n) => advance(progress, event, stopAt !== undefined && n >= stopAt), start);
}

const particular = begin({ attempts: 0, wanted: ip, limits });
const again = begin({ attempts: 2, wanted: null, limits });
const request = (attempt: number, freshSession = false): Step => ({ do: 'request', attempt, freshSession });
const close = (code: string) => ({ do: 'close', failure: expect.objectContaining({ code }) });

const claims: readonly (readonly [claim: string, played: Played, step: unknown])[] = [
  ['an order begins with its first request', { events: [] }, request(1)],
  ['an order of an earlier run is looked for behind a fence', { events: [], from: again }, { do: 'fence' }],
  ['its next request has the next number', { events: [over, nothing], from: again }, request(3)],
  ['what an earlier run took is claimed', { events: [over, found(ip)], from: again }, { do: 'claim', ip }],
  ['a given address is claimed', { events: [allocated] }, { do: 'claim', ip }],
  ['a claimed address gets its PTR', { events: [allocated, { kind: 'claimed' }] }, { do: 'write-ptr', ip }],
  [
    'a written PTR is the end',
    { events: [allocated, { kind: 'claimed' }, { kind: 'ptr-written' }] },
    { do: 'done', ip },
  ],
  [
    'an order that holds its address goes on with the PTR',
    { events: [], from: resume(ip, limits) },
    { do: 'write-ptr', ip },
  ],
  [
    'an address of the other family goes back',
    { events: [allocated, { kind: 'wrong-family' }] },
    { do: 'give-back', ips: [ip] },
  ],
  [
    'and ends the order, whatever else may be free',
    { events: [allocated, { kind: 'wrong-family' }, back] },
    close('wrong-family'),
  ],
  ['unknown is never failed: a fence', { events: [unknown] }, { do: 'fence' }],
  ['after the fence it looks', { events: [unknown, over] }, { do: 'find' }],
  ['not found is asked again', { events: [...lostAndNotFound] }, request(2)],
  ['found is claimed', { events: [unknown, over, found(ip, other)] }, { do: 'claim', ip }],
  [
    'what else carries the tag goes back once one is kept',
    { events: [unknown, over, found(ip, other), { kind: 'claimed' }, { kind: 'ptr-written' }] },
    { do: 'give-back', ips: [other] },
  ],
  [
    'the second found serves when the first is in use',
    { events: [unknown, over, found(ip, other), inUse, { kind: 'marked' }] },
    { do: 'claim', ip: other },
  ],
  [
    'as often as allowed, and once more before it closes',
    { events: [...lostAndNotFound, ...lostAndNotFound, ...lostAndNotFound] },
    { do: 'fence' },
  ],
  [
    'then it ends with its attempts',
    { events: [...lostAndNotFound, ...lostAndNotFound, ...lostAndNotFound, over, nothing] },
    close('unknown-outcome'),
  ],
  [
    'what the last look finds is taken after all',
    { events: [...lostAndNotFound, ...lostAndNotFound, ...lostAndNotFound, over, found(ip)] },
    { do: 'claim', ip },
  ],
  ['a clear refusal closes', { events: [refused] }, close('no-free-address')],
  ['a clear refusal after a doubt looks once more', { events: [...lostAndNotFound, refused] }, { do: 'fence' }],
  ['a refused login is tried on a fresh session', { events: [{ kind: 'not-logged-in', failure }] }, request(2, true)],
  [
    'the same answer on the fresh session is a clear refusal',
    {
      events: [
        { kind: 'not-logged-in', failure },
        { kind: 'not-logged-in', failure },
      ],
    },
    close('no-free-address'),
  ],
  ['a panel not reached is waited for', { events: [{ kind: 'not-sent', failure }] }, { do: 'back-off', round: 1 }],
  ['a conflict is marked', { events: [allocated, inUse] }, { do: 'mark', ip }],
  [
    'an address of another integration is recorded, never marked',
    { events: [allocated, { kind: 'in-use', mark: false }] },
    request(2),
  ],
  ['after a mark the next one is asked for', { events: [allocated, inUse, { kind: 'marked' }] }, request(2)],
  [
    'conflicts are bounded',
    { events: [allocated, inUse, { kind: 'marked' }, { kind: 'allocated', ip: other }, inUse, { kind: 'marked' }] },
    { do: 'close', failure: expect.objectContaining({ code: 'too-many-conflicts', value: `${ip}, ${other}` }) },
  ],
  [
    'a particular address in use is refused, not replaced',
    { events: [allocated, inUse, { kind: 'marked' }], from: particular },
    close('address-in-use'),
  ],
  [
    'a particular address in quarantine is refused, not replaced',
    { events: [allocated, { kind: 'withheld' }], from: particular },
    close('address-quarantined'),
  ],
  [
    'a particular address the panel replaced goes back',
    { events: [{ kind: 'allocated', ip: other }], from: particular },
    { do: 'give-back', ips: [other] },
  ],
  [
    'and the order ends so',
    { events: [{ kind: 'allocated', ip: other }, back], from: particular },
    { do: 'close', failure: expect.objectContaining({ code: 'address-not-given', value: ip }) },
  ],
  [
    'a particular address found replaced goes back too',
    { events: [unknown, over, found(other)], from: particular },
    { do: 'give-back', ips: [other] },
  ],
  [
    'found beside others, the particular one is claimed',
    { events: [unknown, over, found(other, ip)], from: particular },
    { do: 'claim', ip },
  ],
  [
    'and the others go back once it is kept',
    { events: [unknown, over, found(other, ip), { kind: 'claimed' }, { kind: 'ptr-written' }], from: particular },
    { do: 'give-back', ips: [other] },
  ],
  [
    'a run of former code keeps what it was given',
    { events: [{ kind: 'allocated', ip: other }], from: { ...particular, exact: false } },
    { do: 'claim', ip: other },
  ],
  ['a parked address costs an attempt', { events: [allocated, { kind: 'withheld' }] }, request(2)],
  [
    'only parked ones are the end',
    {
      events: [allocated, { kind: 'withheld' }, allocated, { kind: 'withheld' }, allocated, { kind: 'withheld' }],
    },
    close('only-quarantined-addresses'),
  ],
  ['an address that is not ours is looked for', { events: [allocated, { kind: 'not-ours' }] }, { do: 'fence' }],
  [
    'an address listed as ours that never reads so ends the order when its attempts are spent',
    {
      events: [allocated, ...listedNotRead, ...listedNotRead, notOurs, over, found(ip), stray, over, found(ip), stray],
    },
    close('tag-not-readable'),
  ],
  ['a cut tag gives it back', { events: [allocated, { kind: 'tag-cut' }] }, { do: 'give-back', ips: [ip] }],
  ['a cut tag ends the order', { events: [allocated, { kind: 'tag-cut' }, back] }, close('tag-not-kept')],
  [
    'an extra beside the one it has goes back, the one it has stays',
    { events: [allocated, { kind: 'extra', has: other }, { kind: 'claimed' }, { kind: 'ptr-written' }] },
    { do: 'give-back', ips: [ip] },
  ],
  [
    'a service being removed gets none',
    { events: [allocated, { kind: 'removing', failure }, back] },
    close('no-free-address'),
  ],
  [
    'a refused PTR gives it back',
    { events: [allocated, { kind: 'claimed' }, { kind: 'ptr-refused', failure }] },
    { do: 'give-back', ips: [ip] },
  ],
  [
    'held since an earlier run, its PTR refused: it is handed back, for it may be on its server',
    { events: [{ kind: 'ptr-refused', failure }], from: resume(ip, limits) },
    { do: 'hand-back', ip, failure },
  ],
  [
    'held since an earlier run and stopped: it is handed back too',
    { events: [{ kind: 'ptr-written' }], from: resume(ip, limits), stopAt: 0 },
    { do: 'hand-back', ip, failure: undefined },
  ],
  ['stopped at the answer: it goes back', { events: [allocated], stopAt: 0 }, { do: 'give-back', ips: [ip] }],
  ['stopped in doubt: the fence is waited out', { events: [unknown], stopAt: 0 }, { do: 'fence' }],
  [
    'stopped in doubt: what is found goes back',
    { events: [unknown, over, found(ip, other)], stopAt: 0 },
    { do: 'give-back', ips: [ip, other] },
  ],
  ['stopped with nothing found: the end', { events: [unknown, over, nothing], stopAt: 0 }, { do: 'stopped' }],
  [
    'stopped after the claim: it goes back',
    { events: [allocated, { kind: 'claimed' }], stopAt: 1 },
    { do: 'give-back', ips: [ip] },
  ],
  [
    'stopped after the PTR: it goes back',
    { events: [allocated, { kind: 'claimed' }, { kind: 'ptr-written' }], stopAt: 2 },
    { do: 'give-back', ips: [ip] },
  ],
  [
    'what went back without our tag is looked for once more',
    { events: [allocated, { kind: 'given-back', strays: [ip] }], stopAt: 0 },
    { do: 'fence' },
  ],
];

const inUseElsewhere: Event = { kind: 'in-use', mark: false };

test.each<readonly [string, readonly Event[], string]>([
  ['marked', [inUse, inUse], 'and are marked dns.set.error: a, b'],
  ['elsewhere', [inUseElsewhere, inUseElsewhere], 'on services of other integrations, held without a mark: a, b'],
  [
    'both',
    [inUse, inUseElsewhere],
    'are marked dns.set.error: a; on services of other integrations, held without a mark: b',
  ],
])('too many conflicts say which are marked and which are not: %s', (_, [one, two], words) => {
  const events = [one, two].flatMap((event, n): readonly Event[] => {
    const mark: readonly Event[] = event === inUse ? [{ kind: 'marked' }] : [];
    return event === undefined ? [] : [{ kind: 'allocated', ip: n === 0 ? 'a' : 'b' }, event, ...mark];
  });
  const { step } = played({ events });
  expect(step).toMatchObject({ do: 'close', failure: { code: 'too-many-conflicts', value: 'a, b' } });
  expect(step.do === 'close' ? step.failure.message : '').toContain(words);
});

describe('what follows from what was seen', () => {
  test.each(claims)('%s', (_claim, story, step) => {
    expect(played(story).step).toEqual(step);
  });
});
