import { describe, expect, test } from '@jest/globals';
import { ownership, parseTag, tagOf, withoutTag, withTag } from '../../workflows/domain/tag.ts';

const tag = 'iptally:0123456789ab:0123456789abcdef';
const other = 'iptally:0123456789ab:ffffffffffffffff';
const mark = { tag, label: `iptally-${'0'.repeat(32)}` };

describe('the owner mark', () => {
  test.each([
    [tag, tag],
    [`  ${tag}`, tag],
    [`${tag} rack 7`, tag],
    [`${tag}; Anna`, tag],
    [`${tag}\nsecond line`, tag],
    [`rack 7 ${tag}`, undefined],
    [`${tag}x`, undefined],
    [tag.slice(0, -1), undefined],
    [tag.toUpperCase(), undefined],
    ['', undefined],
  ])('of the note %j is %s', (note, found) => {
    expect(tagOf(note)).toBe(found);
    expect(parseTag(note) !== undefined).toBe(found !== undefined);
  });

  test.each([
    ['', tag],
    ['rack 7', `${tag} rack 7`],
    [`${other} rack 7`, `${tag} rack 7`],
    [`${tag} rack 7`, `${tag} rack 7`],
    [tag, tag],
  ])('goes first into %j, and what people wrote stays', (note, written) => {
    expect(withTag(note, tag)).toBe(written);
    expect(withTag(written, tag)).toBe(written);
    expect(withoutTag(written)).toBe(withoutTag(note));
  });

  test.each([
    [tag, '', 'ours'],
    [`${tag} rack 7`, 'x.example.com', 'ours'],
    ['', mark.label, 'ours'],
    ['', `${mark.label}.example.com`, 'ours'],
    ['', '', 'untagged'],
    ['rack 7', 'x.example.com', 'untagged'],
    [other, '', 'other'],
    [`${other} ${tag}`, '', 'other'],
    [tag.slice(0, 20), '', 'cut'],
    [tag.slice(0, 8), '', 'cut'],
    ['iptally:fff', '', 'other'],
  ])('a row with note %j and PTR %j is %s', (note, ptr, whose) => {
    expect(ownership({ note, ptr }, mark)).toBe(whose);
  });
});
