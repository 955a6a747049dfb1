// Elements are made of plain values: a text from data becomes a text node or an attribute, never markup.

import { count, lasting } from "./format.js";

export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") made[name] = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, props = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

// A wide table scrolls in a frame of its own, which the keyboard reaches.
export function framed(label, table) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table);
}

export function labelled(text, control) {
  control.id = text.toLowerCase().replaceAll(" ", "-");
  return h("div", { class: "field" }, h("label", { for: control.id }, text), control);
}

export function choice(text, options, chosen, change) {
  const made = h("select", { onchange: (event) => change(event.target.value) },
    options.map(([value, name]) => h("option", { value, selected: value === chosen }, name)));
  return labelled(text, made);
}

// The head of a column by which a table can be sorted.
export function sortable(name, key, order, change, props = {}) {
  const own = order.key === key;
  const sort = own ? (order.down ? "descending" : "ascending") : "none";
  const mark = own ? (order.down ? " ↓" : " ↑") : "";
  const button = h("button", { type: "button", class: "sort", "data-sort": key,
    onclick: () => change({ key, down: own ? !order.down : order.first !== "up" }) },
  name, h("span", { "aria-hidden": "true" }, mark));
  return h("th", { scope: "col", "aria-sort": sort, ...props }, button);
}

// Words for those who hear the page; `seen` ones stand in its head as well.
export function say(text, seen = false) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.classList.toggle("hidden", !seen);
}

// Asks again every few seconds while the page is seen; returns what ends it.
export function poll(ask, every = 2000) {
  let on = true, waiting = 0;
  const next = async () => {
    if (document.visibilityState === "visible") await ask().catch(() => say("The server does not answer.", true));
    if (on) waiting = setTimeout(next, every);
  };
  waiting = setTimeout(next, every);
  return () => { on = false; clearTimeout(waiting); };
}

// How far a run is.
export function going(one) {
  const quiet = one.quiet > 120 ? `, quiet for ${lasting(one.quiet)}` : one.left !== null ? `, ${lasting(one.left)} left` : "";
  const bar = h("progress", { max: Math.max(1, one.total), value: one.done, "aria-label": "images done" });
  return h("span", { class: "going" }, bar, ` ${count(one.done)} of ${count(one.total)}${quiet}`);
}

export function fault(error, title = "It cannot be shown") {
  return h("div", { class: "fault", role: "alert" }, h("strong", {}, title), h("p", {}, error.what),
    error.mend ? h("p", { class: "dim" }, error.mend) : null);
}
