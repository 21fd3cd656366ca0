// Values are hashed here: they stay on this machine, and only their hashes travel.

import { forms, strip } from "./forms.js";

/** Whether this browser hashes here: over plain HTTP it does so for the machine itself alone. */
export const canHash = () => Boolean(globalThis.crypto?.subtle);

async function sha256(text) {
  const bytes = new TextEncoder().encode(strip(text).toLowerCase());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Hashes as the server takes them: for each value, those of all its forms. */
export async function hashes(values) {
  return Promise.all(values.map((value) => Promise.all(forms(value).map(sha256))));
}
