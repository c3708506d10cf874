/** A line that goes on and on is no row: it must not fill the memory. */
export class LineTooLong extends Error {
  readonly line: number;
  constructor(line: number, longest: number) {
    super(`line ${line}: more than ${longest} characters`);
    this.name = 'LineTooLong';
    this.line = line;
  }
}

/** Lines of a text that comes in chunks, without their LF. The last one may lack its line end. */
export async function* linesOf(chunks: AsyncIterable<string>, longest: number): AsyncGenerator<string> {
  let number = 1;
  let begun = '';
  for await (const chunk of chunks) {
    // Only what is new is looked through: a long line comes in many chunks.
    const [first = '', ...others] = chunk.split('\n');
    begun += first;
    for (const next of others) {
      if (begun.length > longest) throw new LineTooLong(number, longest);
      yield begun;
      number += 1;
      begun = next;
    }
    if (begun.length > longest) throw new LineTooLong(number, longest);
  }
  if (begun !== '') yield begun;
}
