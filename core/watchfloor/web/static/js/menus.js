// Menus (details.menu): Escape and a click elsewhere close them, arrows move in them, one is open at a time.

const ENTRIES = "a, button, input";

const opened = () => [...document.querySelectorAll("details.menu[open]")];
const entries = (menu) =>
  [...menu.querySelectorAll(ENTRIES)].filter((entry) => entry.closest("[hidden]") === null && !entry.disabled);

/** Close a menu; the focus goes back to what opened it, if it was inside. */
export function close(menu) {
  const inside = menu.contains(document.activeElement);
  menu.open = false;
  if (inside) menu.querySelector("summary").focus();
}

/** Open a menu and go to its entry for what holds now, else to the first. */
export function openMenu(menu) {
  menu.open = true;
  (menu.querySelector("[aria-current]") ?? entries(menu)[0])?.focus();
}

function move(menu, event) {
  const all = entries(menu);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined || document.activeElement.matches("input")) return;
  event.preventDefault();
  all.at(to % all.length)?.focus();
}

document.addEventListener("keydown", (event) => {
  const menu = document.activeElement.closest("details.menu");
  if (event.key === "Escape") opened().forEach(close);
  else if (menu?.open) move(menu, event);
});

// Not a click: scripts click, too.
document.addEventListener("pointerdown", (event) => {
  for (const menu of opened()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const menu = target.closest?.("details.menu[open]");
  if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
});
