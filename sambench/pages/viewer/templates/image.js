// One image: truth, prediction, candidates, clicks one by one, errors, matches; beside another run, both.

import { choice, fault, h, say } from "./dom.js";
import { count, number, signed } from "./format.js";
import { get, picture, run as find } from "./data.js";
import { lines, read, sorted, write } from "./order.js";
import { panelOf } from "./panel.js";
import { View } from "./stage.js";

const view = new View();
const on = { truth: true, mask: true, errors: false, clicks: true };
const KEYS = [["← →", "previous, next image"], ["↑ ↓", "previous, next object"], [", .", "previous, next click or mask"], ["T M E C", "truth, mask, errors, clicks"],
  ["1 to 9", "layers of edges"], ["+ - 0", "larger, smaller, whole"], ["Z", "to the object"], ["Shift+arrows", "move"], ["Esc", "back to the table"]];

export async function imagePage([key, place], query, go) {
  const own = await find(key);
  if (!own) throw new Error("there is no such run");
  const against = query.get("against") || "";
  const other = against ? await find(against) : null;
  const order = read(query);
  const found = await lines(key, against);
  if (found.error) throw new Error(found.error.what);
  const all = sorted(found.lines, order).filter((one) => one.drawn);
  const at = all.findIndex((one) => one.place === Number(place));
  const line = found.lines[Number(place)];
  if (!line) throw new Error("there is no such image");
  const back = (against ? `#/compare/${against}/${key}` : `#/run/${key}`) + write(order, "");
  const trail = [[back, against ? "compare" : own.place], [`#/run/${key}/image/${place}`, line.id]];
  const to = (step) => {
    const next = all[at < 0 ? 0 : at + step];
    if (next) go(`#/run/${key}/image/${next.place}${write(order, against)}`);
  };
  const sides = [[own, Number(place)]];
  if (other) {
    const before = (await get(`${against}/images.json`)).ids.indexOf(line.id);
    if (before >= 0) sides.unshift([other, before]);
  }
  const loaded = await Promise.all(sides.map(async ([run, there]) => [run, there, await get(`${run.key}/${there}/image.json`)]));
  const panels = h("div", { class: "panels" });
  const page = h("div", { class: "image" }, h("h1", { tabindex: -1 }, line.id),
    h("div", { class: "bar" },
      h("button", { type: "button", id: "previous", disabled: at <= 0, onclick: () => to(-1) }, "Previous image"),
      h("span", { class: "where" }, at < 0 ? "" : `${count(at + 1)} of ${count(all.length)}`),
      h("button", { type: "button", id: "next", disabled: at >= all.length - 1, onclick: () => to(1) }, "Next image"),
      h("span", { class: "where" }, loss(line, against))));
  const good = loaded.filter(([, , told]) => !told.error);
  for (const [run, , told] of loaded) {
    if (told.error) page.append(fault(told.error, `The images of ${run.place} cannot be drawn`));
    for (const note of told.notes || []) page.append(h("p", { class: "fault" }, note));
  }
  const shared = { object: 0, step: null, on, view };
  const made = good.map(([run, there, told]) => panelOf(told, { title: other ? run.place : "", source: (name) => picture(run, there, name), shared, changed: redraw }));
  const several = made.find((one) => one.objects > 0);

  function redraw(said = true) {
    for (const one of made) one.draw();
    for (const box of bar.querySelectorAll("input[data-layer]")) box.checked = on[box.dataset.layer];
    const select = bar.querySelector("#object");
    if (select) select.value = String(shared.object);
    if (said) say(made.map((one) => one.words()).filter(Boolean).join("; "));
  }

  const toggle = (name) => () => { on[name] = !on[name]; redraw(); };
  const object = (step) => () => {
    if (!several) return;
    shared.object = (shared.object + step + several.objects) % several.objects;
    shared.step = null;
    redraw();
  };
  const step = (by) => () => { if (several) { several.step(by); redraw(); } };
  const whole = () => { for (const one of made) if (one.box()) return view.box(...one.box()); return view.reset(); };
  const bar = h("div", { class: "bar tools" });
  if (several) {
    const names = several.names();
    bar.append(choice("Object", names.map((name, index) => [String(index), name]), "0", (value) => { shared.object = Number(value); shared.step = null; redraw(); }));
    for (const name of Object.keys(on)) {
      if (name === "clicks" && !made.some((one) => one.clicked)) continue;
      bar.append(h("label", { class: "check" }, h("input", { type: "checkbox", checked: on[name], "data-layer": name, onchange: toggle(name) }), name));
    }
  }
  if (made.some((one) => one.stage)) {
    bar.append(h("span", { class: "zoom" },
      h("button", { type: "button", "aria-label": "smaller", onclick: () => view.zoom(1 / 1.5) }, "−"),
      h("button", { type: "button", onclick: () => view.reset() }, "Whole image"),
      h("button", { type: "button", "aria-label": "larger", onclick: () => view.zoom(1.5) }, "+")));
  }
  page.append(bar);
  panels.append(...made.map((one) => one.element));
  panels.classList.toggle("two", made.length > 1);
  page.append(panels, scores(good), help());
  redraw(false);
  const layer = (index) => () => { for (const one of made) one.layer?.(index); redraw(); };
  const keys = { ArrowLeft: () => to(-1), ArrowRight: () => to(1), ArrowUp: object(-1), ArrowDown: object(1), ",": step(-1), ".": step(1),
    "+": () => view.zoom(1.5), "=": () => view.zoom(1.5), "-": () => view.zoom(1 / 1.5), 0: () => view.reset(), z: whole, Escape: () => go(back),
    t: toggle("truth"), m: toggle("mask"), e: toggle("errors"), c: toggle("clicks") };
  for (let index = 0; index < 9; index += 1) keys[index + 1] = layer(index);
  const moves = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] };
  const shifted = (event) => {
    if (!event.shiftKey || !(event.key in moves) || event.target.closest("input, select")) return;
    event.preventDefault();
    view.move(...moves[event.key]);
  };
  document.addEventListener("keydown", shifted, true);
  const stop = () => {
    document.removeEventListener("keydown", shifted, true);
    for (const one of made) one.stage?.close();
  };
  return { page, title: line.id, trail, keys, stop, kind: "image", shown: () => { view.reset(); } };
}

function loss(line, against) {
  if (line.loss === null) return "";
  const text = `loss ${number(line.loss)}`;
  return against && line.change !== null ? `${text}, before ${number(line.before)}, change ${signed(line.change)}` : text;
}

function scores(good) {
  const names = [...new Set(good.flatMap(([, , told]) => Object.keys(told.scores || {})))];
  if (!names.length) return "";
  const told = names.map((name) => h("div", {}, h("dt", {}, name), h("dd", {}, good.map(([, , one]) => number(one.scores[name])).join(", "))));
  return h("details", {}, h("summary", {}, "Metrics of this image alone"), h("dl", { class: "scores" }, told));
}

function help() {
  return h("details", { class: "help" }, h("summary", {}, "Keys"),
    h("dl", { class: "scores" }, KEYS.map(([key, what]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)))));
}
