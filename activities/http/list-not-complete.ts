import { PanelReadError } from './panel-read-error.ts';

const tryAgain = 'Nothing was concluded from it. Try again when fewer changes are made at the panel.';

/** A list that may have more rows than came, or others: an error, never a shorter list (I12). */
export function listNotComplete(why: string, next = tryAgain): PanelReadError {
  const message = `The list is not proven complete: ${why}`;
  return new PanelReadError({ code: 'list-not-complete', message, next }, { retryable: true });
}
