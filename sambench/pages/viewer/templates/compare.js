// Two runs held against each other: metric by metric, and image by image.

import { choice, fault, framed, h } from "./dom.js";
import { count, interval, number, signed } from "./format.js";
import { get, run as find, runs } from "./data.js";
import { imageTable } from "./images.js";
import { read, write } from "./order.js";

export async function comparePage([first, second], query, go, replace) {
  const { runs: all } = await runs();
  const [before, after] = [await find(first), await find(second)];
  if (!before || !after) throw new Error("there is no such run");
  const finished = all.filter((one) => one.state === "finished");
  const names = finished.map((one) => [one.key, `${one.place} (${one.name}, ${one.task})`]);
  const page = h("div", {}, h("h1", { tabindex: -1 }, "Two runs compared"),
    h("div", { class: "bar" },
      choice("Baseline", names, first, (value) => go(`#/compare/${value}/${second}`)),
      choice("Candidate", names, second, (value) => go(`#/compare/${first}/${value}`)),
      h("button", { type: "button", onclick: () => go(`#/compare/${second}/${first}`) }, "Swap")));
  const done = { page, title: `${before.place} and ${after.place}`, trail: [[`#/compare/${first}/${second}`, "compare"]] };
  if (first === second) {
    page.append(h("p", {}, "Choose two different runs."));
    return done;
  }
  if (before.task !== after.task) {
    page.append(fault({ what: `${before.place} is of task ${before.task}, ${after.place} of ${after.task}.`, mend: "Choose two runs of one task." }, "They cannot be compared"));
    return done;
  }
  const found = await get(`compare/${first}/${second}.json`);
  if (found.error) {
    page.append(fault(found.error, "They cannot be compared"));
    return done;
  }
  if (found.refused.length) {
    page.append(h("section", { "aria-label": "why they are not comparable" }, h("h2", {}, "Not comparable"), differences(found.refused)));
    return done;
  }
  page.append(h("p", { class: "verdict" }, h("b", {}, found.verdict), ` on ${count(found.samples)} images of ${found.data}.`));
  if (found.bent.length) {
    const left = found.left_out[0] + found.left_out[1];
    page.append(h("div", { class: "fault" }, h("strong", {}, "These runs are not of the same protocol or sample"),
      h("p", {}, "They are compared all the same", left ? `, on the images that both have (${count(found.left_out[0])} and ${count(found.left_out[1])} are left out)` : "", ". What differs:"),
      differences(found.bent)));
  }
  page.append(h("section", { "aria-label": "metrics" }, h("h2", {}, "Metrics"), metrics(found),
    h("p", { class: "dim" }, `Intervals hold together with a chance of ${100 * (1 - found.alpha)} % over all judged metrics; the verdict follows them. Detectable is the smallest drop that would have been told.`)));
  if (found.differs.length) page.append(h("details", {}, h("summary", {}, "What else differs"), differences(found.differs)));
  const asked = read(query);
  const order = query.get("sort") ? asked : { ...asked, key: "change" };
  const table = await imageTable(after, order, first, (changed) => replace(`#/compare/${first}/${second}${write(changed, "")}`));
  page.append(h("section", { "aria-label": "images" }, h("h2", {}, "Images"),
    h("p", { class: "dim" }, "Change is the candidate's loss less the baseline's: above 0 it became worse."), table));
  return done;
}

function metrics(found) {
  const rows = found.metrics.map((one) => h("tr", { class: one.judged ? null : "beside" },
    h("th", { scope: "row" }, one.name), h("td", { class: "right" }, number(one.baseline)), h("td", { class: "right" }, number(one.candidate)),
    h("td", { class: "right" }, h("b", {}, signed(one.difference))), h("td", { class: "right" }, interval(one.low, one.high, signed)),
    h("td", { class: "right" }, number(one.p, 4)), h("td", { class: "right" }, number(one.detectable)), h("td", { class: "right" }, count(one.support)),
    h("td", {}, one.verdict, one.judged ? "" : " (not judged)")));
  const heads = ["metric", "baseline", "candidate", "difference", "interval", "p", "detectable", "images", "verdict"];
  return framed("metrics of both runs", h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, heads.map((name, place) => h("th", { scope: "col", class: place > 0 && place < 8 ? "right" : null }, name)))), h("tbody", {}, rows)));
}

function differences(found) {
  const rows = found.map((one) => h("tr", {}, h("th", { scope: "row" }, one.key), h("td", { class: "long" }, one.baseline), h("td", { class: "long" }, one.candidate), h("td", {}, one.mend)));
  return framed("what differs", h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, ["what", "baseline", "candidate", "mended by"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
}
