// Draws the charts of the page's cards. What does that is fetched only where there is one.
//
// A card's chart lives on while the card is fetched anew (`watchfloor:refreshed`): the new figure takes
// over what is drawn, so that nothing flashes. Where drawing fails the table stands, as without scripts.

const views = new Map(); // by card
const THEMES = ["(prefers-color-scheme: light)", "(prefers-contrast: more)", "(forced-colors: active)"];

let parts = null; // what draws, once it is wanted
const load = (library) => {
  parts ??= Promise.all([import("./chart-view.js"), import(library), document.fonts.ready]);
  return parts;
};

const cardOf = (node) => node.closest("[data-panel]");

async function open(figure) {
  const card = cardOf(figure);
  try {
    const [{ ChartView }, echarts] = await load(new URL(figure.dataset.library, location.origin).href);
    const now = card.querySelector("figure.chart"); // the card may be another by now
    if (!now || views.has(card)) return;
    views.set(card, new ChartView(echarts, now));
    offer(card);
  } catch (error) {
    figure.dataset.failed = "";
    console.warn(`The chart of ${card.dataset.panel} is not drawn, its table stands: ${error.message}`);
  }
}

/** Show the menu's entries that only a chart has; the first one names what it leads to. */
function offer(card) {
  const [table, png] = ["table", "png"].map((action) => card.querySelector(`[data-action="${action}"]`));
  if (png) png.hidden = false;
  if (!table) return;
  table.hidden = false;
  const other = views.get(card).table ? "Chart" : "Table";
  const icon = table.querySelector("use");
  icon?.setAttribute("href", icon.getAttribute("href").replace(/#.*/, `#${other.toLowerCase()}`));
  table.replaceChildren(...table.querySelectorAll("svg"), other);
}

function refreshed(card) {
  const [figure, view] = [card.querySelector("figure.chart"), views.get(card)];
  if (figure && view) {
    view.adopt(figure);
    offer(card);
  } else if (figure) {
    open(figure);
  }
  sweep();
}

/** Let go of charts whose card, or whose place in it, is no more. */
function sweep() {
  for (const [card, view] of views) {
    if (view.stage.isConnected) continue;
    view.dispose();
    views.delete(card);
  }
}

const ACTIONS = {
  table(view, card) {
    view.showTable(!view.table);
    offer(card);
  },
  async png(view) {
    const { savePng } = await import("./chart-png.js");
    await savePng(view);
  },
};

function close(menu) {
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const card = button && cardOf(button);
  const action = views.has(card) && ACTIONS[button.dataset.action];
  if (!action) return;
  action(views.get(card), card);
  close(button.closest("details"));
});
document.addEventListener("watchfloor:refreshed", (event) => refreshed(event.target));

const restyle = () => views.forEach((view) => view.restyle());
for (const theme of THEMES) matchMedia(theme).addEventListener("change", restyle);
new MutationObserver(restyle).observe(document.documentElement, { attributeFilter: ["data-theme"] });

document.querySelectorAll("figure.chart").forEach(open);
