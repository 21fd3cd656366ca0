// The lights of the feeds in the header: state, words, and how many messages a second come.

const WINDOW = 30; // seconds over which messages are counted
const ENOUGH = 4; // seconds after which that says something

let told = []; // what was told in that time, oldest first

/** Show what the server tells of the feeds; `at` is its time in seconds. */
export function showLights({ at, feeds }) {
  told = [...told.filter((earlier) => at - earlier.at <= WINDOW), { at, feeds }];
  for (const entry of document.querySelectorAll("[data-feed]")) {
    const feed = feeds.find(({ name }) => name === entry.dataset.feed);
    if (feed) show(entry, feed);
  }
}

/** Nothing is known of the feeds any more. */
export function forgetLights() {
  told = [];
  for (const entry of document.querySelectorAll("[data-feed]")) {
    entry.querySelector(".light").dataset.state = "unknown";
    entry.querySelector(".word").textContent = "unknown";
  }
}

function show(entry, feed) {
  entry.title = feed.text;
  entry.querySelector(".light").dataset.state = feed.state;
  entry.querySelector(".word").textContent = (feed.state === "alive" && pace(feed)) || feed.words;
}

/** Messages a second in words, or "" while that is not known or less than one. */
function pace({ name }) {
  const [first, last] = [told[0], told.at(-1)];
  const [from, to] = [first, last].map(({ feeds }) => feeds.find((feed) => feed.name === name)?.messages);
  const seconds = last.at - first.at;
  const rate = Math.round((to - from) / seconds);
  return seconds >= ENOUGH && rate >= 1 ? `${rate.toLocaleString("en")}/s` : "";
}
