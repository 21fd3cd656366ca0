// The lights of the feeds in the header: state, words, and how many messages a second come.

let before = { at: 0, messages: new Map() };

/** Show what the server tells of the feeds. */
export function showLights(feeds) {
  const now = { at: performance.now(), messages: new Map(feeds.map((feed) => [feed.name, feed.messages])) };
  for (const entry of document.querySelectorAll("[data-feed]")) {
    const feed = feeds.find(({ name }) => name === entry.dataset.feed);
    if (feed) show(entry, feed, now);
  }
  before = now;
}

function show(entry, feed, now) {
  const came = feed.messages - before.messages.get(feed.name);
  const rate = (came * 1000) / (now.at - before.at);
  entry.title = feed.text;
  entry.querySelector(".light").dataset.state = feed.state;
  entry.querySelector(".word").textContent = feed.state === "alive" && rate > 0 ? pace(rate) : feed.words;
}

const pace = (rate) => (rate < 1 ? "alive" : `${Math.round(rate)}/s`);
