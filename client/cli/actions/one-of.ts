import { wrongInput } from '../../inputs/fields.ts';

/** One word of a closed list, or the refusal that gives the list. */
export function oneOf<Word extends string>(field: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw wrongInput(field, text, { why: 'not one of them', accepted: words.join(', ') });
}
