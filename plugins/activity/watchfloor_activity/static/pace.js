// How fast attributes come, and how many of them a person can read.

export const A_SECOND = 15; // rows that are shown in a second, in the long run
const AT_ONCE = 30; // rows that a burst may bring in one go
const WINDOW = 5; // seconds over which a rate is taken
const MINUTE = 60;

/** Hands out rows: `take(n)` says how many of n may be shown now. */
export class Allowance {
  #left = AT_ONCE;
  #at = performance.now();

  take(wanted) {
    const now = performance.now();
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#at) / 1000) * A_SECOND);
    this.#at = now;
    const given = Math.min(wanted, Math.floor(this.#left));
    this.#left -= given;
    return given;
  }
}

/** Counts what came, what matched and what was shown, second by second, over the last minute. */
export class Rates {
  #seconds = []; // { second, came, unseen, matched, shown }
  #began = performance.now();

  add(counts) {
    const second = Math.floor(performance.now() / 1000);
    if (this.#seconds.at(-1)?.second !== second) {
      this.#seconds.push({ second, came: 0, unseen: 0, matched: 0, shown: 0 });
      if (this.#seconds.length > MINUTE) this.#seconds.shift();
    }
    const last = this.#seconds.at(-1);
    for (const [name, count] of Object.entries(counts)) last[name] += count;
  }

  /** What there was in so many seconds. */
  over(seconds) {
    const since = performance.now() / 1000 - seconds;
    const total = { came: 0, unseen: 0, matched: 0, shown: 0 };
    for (const one of this.#seconds) {
      if (one.second >= since) for (const name of Object.keys(total)) total[name] += one[name];
    }
    return total;
  }

  /** In words: "14 a second, all shown", "1,000 a second, 15 shown, the rest is counted". */
  words(filtered) {
    const elapsed = Math.max(1, (performance.now() - this.#began) / 1000);
    const seconds = Math.min(WINDOW, elapsed);
    const now = this.over(seconds);
    if (now.came < seconds) return said(this.over(MINUTE), "in the last minute", filtered);
    const each = Object.entries(now).map(([name, count]) => [name, Math.round(count / seconds)]);
    // What has just come is not shown yet.
    const rate = { ...Object.fromEntries(each), ...(now.came - now.shown < A_SECOND / 4 && { shown: Infinity }) };
    return said(rate, "a second", filtered);
  }
}

/** So many came in a time, and what of them is in the list. */
function said({ came, unseen, matched, shown }, time, filtered) {
  if (!came) return `nothing ${time}`;
  const begin = `${number(came)} ${time}`;
  if (filtered) {
    const looked = unseen ? `, ${number(came - unseen)} of them looked at` : "";
    return `${begin}${looked}, ${number(matched)} match${matched === 1 ? "es" : ""}`;
  }
  return came <= shown ? `${begin}, all shown` : `${begin}, ${number(shown)} shown, the rest is counted`;
}

export const number = (count) => count.toLocaleString("en");
