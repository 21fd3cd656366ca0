// Says in summaries what arrives, to those who listen to the page instead of looking at it.
//
// A script dispatches `watchfloor:summary`, which bubbles, on its card with detail { text }: "12 attributes from
// misp-main". What comes within ten seconds waits; of one card the latest is said.

const BETWEEN = 10000; // milliseconds between two sentences

const region = document.getElementById("announcer");
const waiting = new Map();
let timer = 0;

function say() {
  region.textContent = [...waiting.values()].join(" ");
  waiting.clear();
  timer = setTimeout(() => { timer = 0; if (waiting.size) say(); }, BETWEEN);
}

document.addEventListener("watchfloor:summary", ({ target, detail }) => {
  waiting.set(target, String(detail.text));
  if (!timer) say();
});
