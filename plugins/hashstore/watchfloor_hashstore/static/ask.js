// Asking the server: so many values at a time, so that there is progress to tell, and an end to it.

import { hashes } from "./hash.js";

const ONCE = 2000;

/** The hits of each value. `progress(done, results)` is told after each piece; `signal` stops it. */
export async function ask(values, { key, most, signal, progress }) {
  const once = Math.min(ONCE, most);
  for (let at = 0; at < values.length; at += once) {
    const piece = values.slice(at, at + once);
    const told = await post({ hashes: await hashes(piece) }, key, signal);
    progress(at + piece.length, told.results);
  }
}

async function post(question, key, signal) {
  const headers = { accept: "application/json", "content-type": "application/json", authorization: key };
  let answer;
  try {
    answer = await fetch("/hashstore/lookup", { method: "POST", headers, body: JSON.stringify(question), signal });
    if (answer.ok) return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new AskError(0, "The server does not answer. Look at your network, and ask again: the text is still here.");
  }
  throw new AskError(answer.status, await reason(answer));
}

async function reason(answer) {
  try {
    return (await answer.json()).detail ?? `The server answered ${answer.status}.`;
  } catch {
    return `The server answered ${answer.status}: ask again, or tell who runs it.`;
  }
}

/** What went wrong, in a sentence; `status` is HTTP's, 0 for no answer. */
export class AskError extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}
