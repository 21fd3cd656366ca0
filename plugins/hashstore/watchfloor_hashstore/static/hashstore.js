// The page of the hash store: what is pasted is recognised as it comes, hashed, asked for, and forgotten.

import { AskError, ask } from "./ask.js";
import { canHash } from "./hash.js";
import { recognise } from "./recognise.js";
import { Results } from "./results.js";

const PAUSE = 150; // milliseconds after the last key before the text is read

class Desk {
  constructor(section) {
    this.form = section.querySelector("form");
    this.kinds = section.querySelector(".kinds");
    this.said = section.querySelector("output");
    this.progress = section.querySelector("progress");
    this.stop = section.querySelector("[data-stop]");
    this.most = Number(section.dataset.most);
    this.results = new Results(document.querySelector("#hashstore-results"));
    this.text = section.querySelector("#hashstore-text");
    this.key = section.querySelector("#hashstore-key");
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    });
    this.key.addEventListener("input", () => this.key.removeAttribute("aria-invalid"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.lookUp();
    });
    this.stop.addEventListener("click", () => this.running?.abort());
    this.typed();
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(), PAUSE);
  }

  /** Read the text, unless that was done, and show what was recognised; null when it changes meanwhile. */
  async read() {
    const text = this.text.value;
    if (this.last?.text === text) return this.last.found;
    this.reading?.abort();
    this.reading = new AbortController();
    const found = await recognise(text, this.reading.signal);
    if (!found) return null;
    this.last = { text, found };
    this.showKinds(found);
    return found;
  }

  showKinds(found) {
    const counts = new Map();
    for (const kind of found.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const sorted = [...counts].sort((one, other) => other[1] - one[1]);
    this.kinds.replaceChildren(...sorted.map(([kind, count]) => {
      const item = document.createElement("li");
      const number = document.createElement("b");
      number.textContent = count.toLocaleString("en");
      item.append(number, ` ${kind || "other text"}`);
      return item;
    }));
  }

  async lookUp() {
    if (this.running) return;
    clearTimeout(this.timer);
    this.running = new AbortController();
    this.busy(true);
    this.results.clear();
    try {
      const found = await this.read();
      if (found) await this.askFor([...found]);
      else this.say("The text changed meanwhile: look up again.");
    } catch (error) {
      this.failed(error);
    } finally {
      this.running = null;
      this.busy(false);
    }
  }

  async askFor(values) {
    if (!values.length) {
      this.say("There is nothing to look up in this text.");
      return;
    }
    this.progress.max = values.length;
    let done = 0;
    await ask(values.map(([value]) => value), {
      key: this.key.value.trim(),
      most: this.most,
      signal: this.running.signal,
      progress: (upTo, results) => {
        this.results.add(values.slice(done, upTo), results);
        this.progress.value = done = upTo;
        this.say(this.summary(upTo, values.length));
      },
    });
  }

  summary(done, all) {
    const { known } = this.results.counts;
    const so = done < all ? ` so far, of ${all.toLocaleString("en")} in all` : "";
    return `${known.toLocaleString("en")} of ${done.toLocaleString("en")} values are known${so}.`;
  }

  failed(error) {
    const done = this.results.counts.all;
    const before = done ? ` What was answered before that is below: ${done.toLocaleString("en")} values.` : "";
    if (error.name === "AbortError") this.say(`Stopped.${before}`);
    else if (error instanceof AskError) this.say(`${error.message}${before}`, true);
    else throw error;
    if (error.status === 401) {
      this.key.setAttribute("aria-invalid", "true");
      this.key.focus();
    }
  }

  busy(yes) {
    this.form.setAttribute("aria-busy", String(yes));
    this.stop.hidden = this.progress.hidden = !yes;
    this.form.querySelector("[type=submit]").disabled = yes;
    this.progress.removeAttribute("value");
    if (yes) this.say("Reading the text…");
  }

  say(sentence, wrong = false) {
    this.said.textContent = sentence;
    this.said.classList.toggle("wrong", wrong);
  }
}

const section = document.querySelector("#hashstore");
if (section && canHash()) {
  new Desk(section);
} else if (section) {
  section.querySelector("form").hidden = true;
  section.querySelector("[data-insecure]").hidden = false;
}
