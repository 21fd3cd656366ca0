// Search as you type for what to follow, and cards whose counts are read for the first time.

const WAIT = 150; // milliseconds after the last key until the server is asked
const AGAIN = 1000; // milliseconds until a card that is being read is asked for once more
const MOST = 12; // labels of a kind that can be followed

// --- search as you type ----------------------------------------------------------------------------

const form = document.querySelector("form[data-search]");
if (form) combobox(form);

function combobox(form) {
  const input = form.elements.namedItem("q");
  const list = form.querySelector("[role=listbox]");
  const said = form.querySelector("[data-said]");
  let timer = 0;
  let asked = 0;
  let at = -1;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  close();

  input.addEventListener("input", later);
  input.addEventListener("focus", later);
  input.addEventListener("keydown", onKey);
  form.elements.namedItem("kind").addEventListener("change", () => { close(); input.focus(); });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the field
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  }

  async function ask() {
    const mine = ++asked;
    const query = new URLSearchParams(new FormData(form));
    const response = await fetch(`/trendings/search.json?${query}`).catch(() => null);
    if (mine !== asked || document.activeElement !== input) return;
    if (!response?.ok) return say("The search does not answer.");
    const { labels, reading } = await response.json();
    if (mine !== asked) return;
    show(labels);
    say(reading || (labels.length ? `${labels.length} found` : "Nothing found"));
    if (reading) timer = setTimeout(ask, AGAIN);
  }

  function say(words) {
    said.textContent = words;
  }

  function show(labels) {
    list.replaceChildren(...labels.map(entry));
    list.hidden = labels.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    select(-1);
  }

  function entry({ label, count }, i) {
    const option = document.createElement("li");
    option.id = `${list.id}-${i}`;
    option.setAttribute("role", "option");
    option.dataset.label = label;
    const [name, number] = [document.createElement("span"), document.createElement("span")];
    name.textContent = label;
    name.dir = "auto";
    number.textContent = count.toLocaleString("en");
    number.className = "quiet";
    option.append(name, number);
    return option;
  }

  function select(i) {
    at = i;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function close() {
    asked += 1; // an answer on its way comes too late
    clearTimeout(timer);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    select(-1);
  }

  function onKey(event) {
    const count = list.hidden ? 0 : list.children.length;
    if (event.key === "ArrowDown" && !count) later();
    else if (event.key === "ArrowDown") select((at + 1) % count);
    else if (event.key === "ArrowUp" && count) select((at <= 0 ? count : at) - 1);
    else if (event.key === "Escape" && count) close();
    else if (event.key === "Enter" && at >= 0) choose(list.children[at]);
    else return;
    event.preventDefault();
  }

  /** Follow a label: the address says so, and everything on the page reads it there. */
  function choose(option) {
    const name = `follow_${form.elements.namedItem("kind").value}`;
    const query = new URLSearchParams(location.search);
    const others = query.getAll(name).filter((label) => label !== option.dataset.label);
    query.delete(name);
    for (const label of [...others.slice(1 - MOST), option.dataset.label]) query.append(name, label);
    location.search = query;
  }
}

// --- cards whose counts are being read -------------------------------------------------------------

function lookAgain(part) {
  for (const button of part.querySelectorAll("[data-reading]")) {
    setTimeout(() => { if (button.isConnected) button.click(); }, AGAIN);
  }
}

document.addEventListener("watchfloor:refreshed", (event) => lookAgain(event.target));
lookAgain(document);
