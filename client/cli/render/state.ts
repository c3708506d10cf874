import { styleText } from 'node:util';

/** A state as people should see it: what waits for them stands out. */
export function stateText(state: string): string {
  const stream = process.stdout;
  if (state === 'waiting' || state === 'removing' || state === 'releasing')
    return styleText('yellow', state, { stream });
  return state === 'active' ? styleText('green', state, { stream }) : state;
}
