// One run: its metrics with intervals, its images, where its numbers come from.

import { choice, fault, framed, going, h, poll } from "./dom.js";
import { forget, get, run as find, runs } from "./data.js";
import { count } from "./format.js";
import { imageTable } from "./images.js";
import { read, write } from "./order.js";

const SHOWN = 6;

export async function runPage([key], query, go, replace) {
  const one = await get(`${key}/run.json`, true);
  const trail = [[`#/run/${key}`, one.place]];
  if (one.fault) return { page: h("div", {}, h("h1", { tabindex: -1 }, one.place), fault(one.fault, "The run cannot be read")), title: one.place, trail };
  const { runs: all, bundle, progress } = await runs(one.state === "running");
  let stop = null;
  const others = all.filter((other) => other.key !== key && other.task === one.task && other.state === "finished");
  const order = read(query);
  const page = h("div", {}, h("h1", { tabindex: -1 }, one.place), h("p", {}, one.caption || ""), h("p", {}, (one.tags || []).map((tag) => h("span", { class: "tag" }, tag)), one.notes || ""));
  if (one.state === "finished") {
    const against = choice("Compare with", [["", "choose a run"], ...others.map((other) => [other.key, `${other.place} (${other.name})`])], "",
      (value) => { if (value) go(`#/compare/${value}/${key}`); });
    page.append(h("div", { class: "bar" }, others.length ? against : null));
    page.append(h("section", { "aria-label": "metrics" }, h("h2", {}, "Metrics"), metrics(one.lines.slice(0, SHOWN)),
      one.lines.length > SHOWN ? h("details", {}, h("summary", {}, `${one.lines.length - SHOWN} further metrics`), metrics(one.lines.slice(SHOWN), "further metrics")) : null));
    const known = (await find(key)) || one;
    const table = await imageTable(known, order, "", (changed) => replace(`#/run/${key}${write(changed, "")}`));
    page.append(h("section", { "aria-label": "images" }, h("h2", {}, "Images"),
      h("p", { class: "dim" }, "Loss is 1 less the quality by which the task ranks images: the best F of edges, the mean IoU of clicked objects."), table));
  } else if (one.state === "running" && progress?.[key] && !bundle) {
    const followed = follow(key, progress[key]);
    page.append(...followed.parts);
    stop = followed.stop;
  } else {
    page.append(h("p", {}, `This run is ${one.state}; metrics and images are shown once it is finished.`));
  }
  page.append(h("section", { "aria-label": "time and provenance" }, h("h2", {}, "Time"), times(one), h("h2", {}, "Provenance"), (one.provenance || []).map(facts)));
  return { page, title: one.place, trail, stop };
}

// A run that goes on: how far it is, and what the images that are stored come to.
function follow(key, first) {
  const bar = h("p", { id: "progress" }, going(first));
  const place = h("div", { id: "so-far", "aria-live": "polite" }, h("p", { class: "dim" }, "The stored images are being summarised."));
  const again = h("button", { type: "button", id: "again", disabled: true, onclick: () => ask() }, "Tell again");
  let told = 0;
  async function ask() {
    again.disabled = true;
    const found = await get(`${key}/so_far.json`, true).catch((error) => ({ error: { what: error.message, mend: "" } }));
    told = found.done || 0;
    place.replaceChildren(...(found.error ? [h("p", {}, `There are no metrics so far: ${found.error.what}.`), h("p", { class: "dim" }, found.error.mend)]
      : [h("p", { class: "dim" }, `Of ${count(found.done)} of ${count(found.total)} images, those that were scored first: all of them may come to something else.`),
        metrics(found.lines.slice(0, SHOWN), "metrics so far"),
        found.lines.length > SHOWN ? h("details", {}, h("summary", {}, `${found.lines.length - SHOWN} further metrics`), metrics(found.lines.slice(SHOWN), "further metrics so far")) : ""]));
  }
  const stop = poll(async () => {
    const now = (await get("progress.json", true)).progress[key];
    if (!now) {
      forget("");
      return dispatchEvent(new HashChangeEvent("hashchange"));
    }
    bar.replaceChildren(going(now));
    again.disabled = now.done === told;
  });
  ask();
  return { stop, parts: [bar, h("section", { "aria-label": "metrics so far" }, h("h2", {}, "Metrics so far"), place, h("div", { class: "bar" }, again)),
    h("p", {}, "Images are shown once the run is finished.")] };
}

function metrics(lines, name = "metrics with intervals") {
  const rows = lines.map((line) => h("tr", {}, h("th", { scope: "row" }, line.name), h("td", { class: "chart" }, track(line)),
    h("td", { class: "right" }, h("b", {}, line.value)), h("td", { class: "right" }, line.interval),
    h("td", { class: "right" }, line.n), h("td", { class: "right" }, line.published)));
  const ends = h("span", { class: "ends" }, h("span", {}, "0"), h("span", {}, ".5"), h("span", {}, "1"));
  return framed(name, h("table", { class: "plain metrics" },
    h("thead", {}, h("tr", {}, ["metric", ends, "value", "95 % interval", "images", "published"].map((name, place) =>
      h("th", { scope: "col", class: place === 1 ? "chart" : place > 1 ? "right" : null }, name)))),
    h("tbody", {}, rows)));
}

function track(line) {
  if (line.at === null) return "";
  const whisker = h("span", { class: "whisker" }), dot = h("span", { class: "dot" });
  whisker.style.left = `${line.low}%`;
  whisker.style.width = `${line.high - line.low}%`;
  dot.style.left = `${line.at}%`;
  return h("span", { class: "track" }, whisker, dot);
}

function times(one) {
  if (!one.stages || !one.stages.length) return h("p", { class: "dim" }, "Nothing is recorded yet.");
  const told = one.stages.map((stage) => h("div", {}, h("dt", {}, stage.stage), h("dd", {}, `${stage.seconds} s (${Math.round(stage.share)} %)`)));
  return h("div", {}, one.wall ? h("p", {}, `${one.wall} s from start to end; stages overlap.`) : null, h("dl", { class: "facts" }, told));
}

function facts(section) {
  return h("details", {}, h("summary", {}, section.title),
    h("dl", { class: "facts" }, section.pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}
