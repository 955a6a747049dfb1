// All runs: a table with filters, from which two are chosen to be compared.

import { choice, framed, going, h, labelled, poll, say, sortable } from "./dom.js";
import { count, day, interval, number } from "./format.js";
import { get, forget, runs } from "./data.js";

const SHOWN = 5;
const state = { find: "", task: "", data: "", state: "", tag: "", key: "finished", down: true, chosen: new Set() };

export async function runsPage(params, query, go) {
  forget("");
  const told = await runs(true);
  let all = told.runs, progress = told.progress;
  const table = h("div", {});
  const compare = h("button", { type: "button", id: "compare", onclick: () => go(`#/compare/${[...state.chosen].join("/")}`) }, "Compare");
  const values = (of) => [...new Set(all.flatMap(of).filter(Boolean))].sort().map((one) => [one, one]);
  const filter = (name, key, of) => choice(name, [["", "all"], ...values(of)], state[key], (value) => set({ [key]: value }));
  const choices = h("div", { class: "bar filters" });
  const fill = () => choices.replaceChildren(filter("Task", "task", (one) => [one.task]), filter("Data", "data", (one) => [one.data]),
    filter("State", "state", (one) => [one.state]), filter("Tag", "tag", (one) => one.tags || []));
  const page = h("div", {},
    h("h1", { tabindex: -1 }, "Runs"),
    told.bundle ? h("p", { class: "dim" }, told.bundle) : null,
    h("div", { class: "bar filters" },
      labelled("Find", h("input", { type: "search", value: state.find, oninput: (event) => set({ find: event.target.value }) })), choices, compare),
    h("p", { class: "dim" }, "Choose two runs to compare them, the first as the baseline."),
    table);

  function set(what) {
    Object.assign(state, what);
    const focused = document.activeElement && document.activeElement.dataset.sort;
    draw();
    if (focused) table.querySelector(`[data-sort="${focused}"]`)?.focus();
  }

  function draw() {
    const shown = order(all.filter(wanted));
    const tasks = new Set(shown.map((one) => one.task).filter(Boolean));
    const names = tasks.size === 1 ? common(shown) : [];
    const head = (name, key, first, props) => sortable(name, key, { ...state, first }, set, props);
    const columns = [head("run", "place", "up"), head("name", "name", "up"), head("task", "task", "up"), head("data", "data", "up"),
      head("images", "images", "down", { class: "right" }), head("state", "state", "up"), head("finished", "finished")];
    const metrics = names.length ? names.map((name) => head(name, `metric:${name}`, "down", { class: "right" })) : [h("th", { scope: "col" }, "first metrics")];
    table.replaceChildren(framed("runs", h("table", { class: "plain", "data-count": shown.length },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "hidden" }, "choose")), columns, metrics)),
      h("tbody", {}, shown.map((one) => line(one, names, progress[one.key], choose))))),
    shown.length ? "" : h("p", {}, all.length ? "No run is left by these filters." : "There are no runs here yet."));
    compare.disabled = state.chosen.size !== 2;
    say(`${count(shown.length)} of ${count(all.length)} runs`, true);
  }

  function choose(key, on) {
    state.chosen[on ? "add" : "delete"](key);
    compare.disabled = state.chosen.size !== 2;
  }

  state.chosen = new Set([...state.chosen].filter((key) => all.some((one) => one.key === key)));
  fill();
  draw();
  const stop = told.bundle ? null : poll(async () => {
    const now = await get("progress.json", true);
    const ended = Object.keys(progress).some((key) => !(key in now.progress));
    const begun = Object.keys(now.progress).some((key) => !(key in progress));
    progress = now.progress;
    if (ended || begun) {
      all = (await runs(true)).runs;
      fill();
      return draw();
    }
    for (const [key, one] of Object.entries(progress)) {
      const cell = table.querySelector(`[data-progress="${key}"]`);
      if (cell) cell.replaceChildren(going(one));
    }
  });
  return { page, title: "Runs", trail: [], stop, said: true };
}

function wanted(one) {
  const words = [one.place, one.name, one.model, one.notes, ...(one.tags || [])].join(" ").toLowerCase();
  return (!state.find || words.includes(state.find.trim().toLowerCase()))
    && ["task", "data", "state"].every((key) => !state[key] || one[key] === state[key])
    && (!state.tag || (one.tags || []).includes(state.tag));
}

function metric(one, name) {
  return (one.metrics || []).find((other) => other.name === name);
}

function order(found) {
  const of = (one) => {
    const value = state.key.startsWith("metric:") ? metric(one, state.key.slice(7))?.value : one[state.key];
    return value === undefined || value === "" ? null : value;
  };
  return found.slice().sort((one, other) => {
    const a = of(one), b = of(other);
    const none = (a === null) - (b === null);
    if (none || a === b) return none || (one.place < other.place ? -1 : 1);
    return (a < b ? -1 : 1) * (state.down ? -1 : 1);
  });
}

// The first metrics that stand in sight, of runs of one task.
function common(shown) {
  const names = shown.flatMap((one) => (one.metrics || []).slice(0, SHOWN).map((other) => other.name));
  return [...new Set(names)].slice(0, SHOWN);
}

function line(one, names, progress, choose) {
  const check = h("input", { type: "checkbox", checked: state.chosen.has(one.key), disabled: one.state !== "finished",
    "aria-label": `choose ${one.place}`, onchange: (event) => choose(one.key, event.target.checked) });
  const told = one.state === "damaged" ? h("span", { class: "worse" }, `cannot be read: ${one.fault.what}`)
    : h("span", { "data-progress": one.key }, progress ? going(progress) : one.state);
  const values = names.length
    ? names.map((name) => {
      const found = metric(one, name);
      return h("td", { class: "right", title: found ? interval(found.low, found.high) : "" }, found ? number(found.value) : "");
    })
    : [h("td", {}, (one.metrics || []).filter((other) => other.value !== null).slice(0, 3).map((other) => `${other.name} ${number(other.value)}`).join(", "))];
  const tags = (one.tags || []).map((tag) => h("span", { class: "tag" }, tag));
  return h("tr", {}, h("td", {}, check),
    h("th", { scope: "row" }, h("a", { href: `#/run/${one.key}` }, one.place)),
    h("td", {}, one.name || "", tags, one.notes ? h("span", { class: "note" }, one.notes) : null), h("td", {}, one.task || ""),
    h("td", {}, one.data || ""), h("td", { class: "right" }, one.images === undefined ? "" : count(one.images)),
    h("td", {}, told), h("td", {}, day(one.finished)), values);
}
