import { canonicalIp, familyOf } from '../../../workflows/domain/address.ts';
import { ipNumber, ipText, type IpRange } from './ip-number.ts';
import type { SimAddress } from './world.ts';

/**
 * The addresses a panel holds, by ip. It remembers up to where each range is known to be full, so that "lowest free" does
 * not look at every held address again; whatever is taken out moves that mark back.
 */
export class AddressBook extends Map<string, SimAddress> {
  readonly #full = new Map<string, { readonly range: IpRange; upTo: bigint }>();

  override delete(ip: string): boolean {
    if (canonicalIp(ip) !== undefined) this.#movesBack(ip);
    return super.delete(ip);
  }

  override clear(): void {
    this.#full.clear();
    super.clear();
  }

  /** The lowest address of a range that is held in no state. */
  lowestFree(range: IpRange): string | undefined {
    const key = `${range.family} ${range.first} ${range.last}`;
    const mark = this.#full.get(key) ?? { range, upTo: range.first };
    this.#full.set(key, mark);
    for (; mark.upTo <= range.last; mark.upTo += 1n) {
      const ip = ipText(mark.upTo, range.family);
      if (!this.has(ip)) return ip;
    }
    return undefined;
  }

  #movesBack(ip: string): void {
    const number = ipNumber(ip);
    for (const mark of this.#full.values()) {
      if (mark.range.family !== familyOf(ip) || number < mark.range.first) continue;
      if (number < mark.upTo) mark.upTo = number;
    }
  }
}
