import { styleText } from 'node:util';

/** One line on stderr that says what is waited for. */
export interface Progress {
  readonly say: (text: string) => void;
  readonly clear: () => void;
}

/** Off a terminal nothing is said: logs would fill with the same line. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { say: () => {}, clear: () => {} };
  let shown = '';
  const clear = (): void => {
    if (shown !== '') stream.write('\r\u001b[K');
    shown = '';
  };
  return {
    say: (text) => {
      const line = text.slice(0, Math.max(20, stream.columns - 2));
      if (line === shown) return;
      clear();
      stream.write(styleText('dim', line, { stream }));
      shown = line;
    },
    clear,
  };
}
