// Keys. An element with data-key="p" is clicked by that key, a field is focused, a menu opens; data-key="g l" is
// one key after the other. Nothing happens while somebody types, or with Ctrl, Alt or Meta.

import { openMenu } from "./menus.js";

const SOON = 1500; // milliseconds in which the second key must follow the first
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

let first = "";
let timer = 0;

/** The element that a key stands for; of several the first that can be used. */
function keyed(keys) {
  const found = document.querySelectorAll(`[data-key="${CSS.escape(keys)}"]`);
  return [...found].find((element) => !element.disabled && element.closest("[hidden]") === null);
}

function use(element) {
  if (element.matches(TYPING)) element.focus();
  else if (element.matches("summary")) openMenu(element.parentElement);
  else element.click();
}

function wait(key) {
  first = key;
  clearTimeout(timer);
  timer = setTimeout(() => { first = ""; }, SOON);
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (event.key.length !== 1 || event.key === " " || event.target.closest?.(TYPING)) return;
  if (document.querySelector("dialog[open]")) return;
  const element = keyed(first ? `${first} ${event.key}` : event.key);
  const begins = !first && document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`);
  wait(element || !begins ? "" : event.key);
  if (!element) return;
  event.preventDefault();
  use(element);
}

document.addEventListener("keydown", onKey);
