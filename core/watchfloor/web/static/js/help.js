// The help: its link opens it as a dialog, with the keys that this page adds to those of every page.

const help = document.getElementById("help");
const section = document.getElementById("page-keys");

/** The keys of the page's own elements and what they do: their title, label or text. */
function pageKeys() {
  const found = new Map();
  for (const element of document.querySelectorAll("main [data-key]")) {
    const words = element.title || element.ariaLabel || element.textContent.trim() || element.placeholder;
    if (words && !found.has(element.dataset.key)) found.set(element.dataset.key, words);
  }
  return found;
}

function entry(keys, words) {
  const term = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    term.append(cap, " ");
  }
  const meaning = document.createElement("dd");
  meaning.textContent = words;
  return [term, meaning];
}

function show(event) {
  event.preventDefault();
  const keys = pageKeys();
  section.hidden = keys.size === 0;
  section.querySelector("dl").replaceChildren(...[...keys].flatMap(([key, words]) => entry(key, words)));
  help.showModal();
}

function close(event) {
  event.preventDefault();
  help.close();
}

document.querySelector("[data-dialog='help']").addEventListener("click", show);
help.querySelector("[data-close]").addEventListener("click", close);
help.addEventListener("click", (event) => { if (event.target === help) close(event); });
