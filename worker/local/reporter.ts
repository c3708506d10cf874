/** Where the parts of the stack say what they do; a terminal, a log and a test each show it in their own way. */
export interface Reporter {
  /** A part begins to start (`postgres`, `temporal`, `migrations`, `simulators`, `worker`, `api`). */
  readonly step: (name: string) => void;
  /** That part answers; `detail` is one line a person can use. */
  readonly done: (name: string, detail: string) => void;
  /** Something worth knowing that is neither. */
  readonly note: (text: string) => void;
}
