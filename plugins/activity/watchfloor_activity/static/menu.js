// The menu of a row: copy its value defanged or as it is, show only what is like it, open it in MISP.

import { defang } from "./defang.js";

const itemOf = (row) => JSON.parse(row.dataset.item);

/** Text into the clipboard; where a page may not, as over plain HTTP, by way of a selection. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("refused");
}

/** Wire the menu of a card; `only(field, text)` narrows the filter. */
export function setUpMenu(card, only) {
  const menu = card.querySelector(".row-menu");
  const told = card.querySelector(".told");
  let opener = null;

  function open(button) {
    opener = button;
    const item = itemOf(button.closest("tr"));
    const misp = JSON.parse(card.querySelector(".list").dataset.misp)[item.feed];
    for (const [what, name] of [["event", item.event_uuid || item.event_id], ["attribute", item.uuid]]) {
      const entry = menu.querySelector(`[data-open=${what}]`);
      entry.hidden = !misp || !name;
      if (!entry.hidden) entry.firstElementChild.href = `${misp}/${what}s/view/${encodeURIComponent(name)}`;
    }
    for (const entry of menu.querySelectorAll("[data-only]")) entry.parentElement.hidden = !item[entry.dataset.only];
    told.textContent = "";
    menu.showPopover();
    place(button.getBoundingClientRect());
    menu.querySelector("button").focus();
  }

  function place({ top, bottom, right }) {
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, right - width)}px`;
    menu.style.top = `${bottom + height > innerHeight ? Math.max(8, top - height) : bottom}px`;
  }

  async function use(button) {
    const item = itemOf(opener.closest("tr"));
    const { copy: how, only: field } = button.dataset;
    if (field) only(field, item[field]);
    else await say(how === "plain" ? item.value : defang(item.value, item.type), how);
    menu.hidePopover();
    if (opener.isConnected) opener.focus();
  }

  async function say(text, how) {
    try {
      await copy(text);
      told.textContent = how === "plain" ? "Copied as it is. Mind where you paste it." : `Copied: ${text.slice(0, 80)}`;
    } catch {
      told.textContent = "The browser does not let this page copy: select the text instead.";
    }
  }

  function move(event) {
    const entries = [...menu.querySelectorAll("a[href], button")].filter((entry) => !entry.closest("[hidden]"));
    const at = entries.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    entries.at(to % entries.length).focus();
  }

  menu.addEventListener("keydown", move);
  menu.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) use(button);
    else if (target.closest("a")) menu.hidePopover();
  });
  return open;
}
