// The state of the card in the address: of the page, and of what the card is fetched from.

function changed(search, changes) {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    if (value) query.set(name, value);
  }
  return query.toString();
}

/** Change parameters; an empty value drops one. The page is not loaded anew. */
export function setParameters(card, changes) {
  history.replaceState(history.state, "", `?${changed(location.search, changes)}`);
  card.dataset.source = sourceWith(card, changes);
}

/** What the card would be fetched from with these parameters. */
export function sourceWith(card, changes) {
  const [path, search = ""] = card.dataset.source.split("?");
  return `${path}?${changed(search, changes)}`;
}
