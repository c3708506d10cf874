import type { Purpose } from './faults.ts';

/** One request as a checker sees it afterwards. */
export interface CallRecord {
  /** From 1, over the simulator's life. */
  readonly number: number;
  readonly at: number;
  /** COREmanager: `func`. REST: method and path with its ids replaced, `POST /vm/v3/host/ID/ip`. */
  readonly func: string;
  readonly purpose: Purpose;
  readonly user: string;
  /** Without anything secret. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly fault: string | null;
  /** The work was done, whatever the client saw. Set when it happens, which may be late. */
  worked: boolean;
  /** The error the panel answered, if it did. */
  error: string | null;
  /** The address a create gave. */
  ip: string | null;
}
