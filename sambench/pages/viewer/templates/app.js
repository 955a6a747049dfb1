// Addresses behind # are pages; each is made anew, and its keys are the keyboard's while it stands.

import { fault, h, say } from "./dom.js";
import { runsPage } from "./runs.js";
import { runPage } from "./run.js";
import { comparePage } from "./compare.js";
import { imagePage } from "./image.js";

const PAGES = [
  [/^\/$/, runsPage],
  [/^\/run\/(\w+)$/, runPage],
  [/^\/run\/(\w+)\/image\/(\d+)$/, imagePage],
  [/^\/compare\/(\w+)\/(\w+)$/, comparePage],
];
const main = document.getElementById("main");
let shown = { stop: null, keys: null }, turn = 0, begun = false;

function go(address) {
  location.hash = address;
}

// The address follows what a table shows without the page being made anew.
function replace(address) {
  history.replaceState(null, "", address);
}

async function show() {
  const own = ++turn;
  const [path, query = ""] = (location.hash.slice(1) || "/").split("?");
  const found = PAGES.map(([pattern, make]) => [pattern.exec(path), make]).find(([match]) => match);
  main.setAttribute("aria-busy", "true");
  let made;
  try {
    if (!found) throw new Error("there is no such page");
    made = await found[1](found[0].slice(1), new URLSearchParams(query), go, replace);
  } catch (error) {
    const page = h("div", {}, h("h1", { tabindex: -1 }, "sambench"), fault({ what: error.message, mend: "Go back to the runs." }));
    made = { page, title: "error", trail: [] };
  }
  if (own !== turn) {
    made.stop?.();
    return;
  }
  shown.stop?.();
  const still = shown.kind && shown.kind === made.kind; // steps through images keep the focus where it is
  const focused = still && document.activeElement ? document.activeElement.id : "";
  shown = made;
  if (!made.said) say("");
  main.replaceChildren(made.page);
  main.removeAttribute("aria-busy");
  document.title = `${made.title} - sambench`;
  const trail = [["#/", "Runs"], ...made.trail].map(([address, name], place, all) =>
    h("li", {}, h("a", { href: address, "aria-current": place === all.length - 1 ? "page" : null }, name)));
  document.getElementById("trail").replaceChildren(...trail);
  made.shown?.();
  if (!still) scrollTo(0, 0);
  const target = (focused && document.getElementById(focused)) || (begun && main.querySelector("h1"));
  if (target) target.focus({ preventScroll: Boolean(still) });
  begun = true;
}

addEventListener("hashchange", show);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !shown.keys) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea, .scroll")) return;
  const act = shown.keys[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
show();
