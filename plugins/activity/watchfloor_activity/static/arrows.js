// The rows are one stop for Tab: arrow keys move between their menus, and Escape leaves them.

const steps = { ArrowDown: (at) => at + 1, ArrowUp: (at) => at - 1, Home: () => 0, End: () => Infinity };

/** Move the focus in the rows of a card. */
export function setUpArrows(card) {
  card.addEventListener("keydown", (event) => {
    const rows = event.target.closest(".rows");
    if (!rows) return;
    const menus = [...rows.querySelectorAll("[data-act=menu]")];
    const at = menus.indexOf(event.target);
    if (event.key === "Escape") rows.focus();
    // Home and End move the list itself as long as no row has the focus.
    const step = at < 0 && !event.key.startsWith("Arrow") ? undefined : steps[event.key];
    if (!step || !menus.length) return;
    event.preventDefault();
    const to = step(at);
    if (to < 0) rows.focus();
    else menus[Math.min(to, menus.length - 1)].focus();
  });
}
