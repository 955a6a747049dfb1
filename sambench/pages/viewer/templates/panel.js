// What is shown of one run's image: objects with their answers, layers of edges, or a task's own pictures.

import { h } from "./dom.js";
import { number } from "./format.js";
import { Stage } from "./stage.js";

export function panelOf(told, own) {
  if (told.kind === "objects") return objectPanel(told, own);
  return told.kind === "layers" ? layerPanel(told, own) : picturePanel(told, own);
}

function framed(own, ...children) {
  return h("section", { class: "panel", "aria-label": own.title || "image" }, own.title ? h("h2", {}, own.title) : null, children);
}

function rgb([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

function key(name, colour) {
  const patch = h("span", { class: "key" });
  patch.style.background = rgb(colour);
  return h("li", {}, patch, name);
}

// The steps of an object: the candidates of its first click, then its clicks one by one with the mask that was kept.
export function stepsOf(object) {
  const candidates = object.answers.filter((one) => one.clicks === null).map((one) => ({ label: one.label, answer: one, points: object.points.slice(0, 1) }));
  const after = object.answers.filter((one) => one.clicks !== null);
  if (!object.points.length) return [...candidates, ...after.map((answer) => ({ label: answer.label, answer, points: [] }))];
  const last = object.points.length;
  const clicks = object.points.map((_, place) => {
    const made = place + 1;
    const answer = after.filter((one) => (made === last ? true : one.clicks <= made)).at(-1) || null;
    const kept = answer && answer.clicks !== made && made !== last ? `, mask of ${answer.label}` : "";
    return { label: `${made} click${made > 1 ? "s" : ""}${kept}`, answer, points: object.points.slice(0, made), made };
  });
  return [...candidates, ...clicks];
}

function objectPanel(told, own) {
  const { shared, source } = own;
  const objects = told.objects;
  const stage = new Stage(`${told.id} with what was predicted`, told.size, shared.view, pick);
  const steps = objects.map(stepsOf);
  const buttons = h("div", { class: "bar steps", role: "group", "aria-label": "masks of the object" });
  const caption = h("p", { class: "caption" });
  const keys = h("ul", { class: "keys", "aria-label": "colours" });
  const element = framed(own, stage.frame, caption, buttons, keys);
  const current = () => objects[Math.min(shared.object, objects.length - 1)];
  const list = () => steps[Math.min(shared.object, objects.length - 1)] || [];
  const first = () => Math.max(0, list().findIndex((one) => one.answer && one.answer.clicks !== null));
  const at = () => (list().length ? Math.min(shared.step ?? first(), list().length - 1) : -1);

  function pick(x, y) {
    const hit = objects.slice(1).map((one, place) => [one, place + 1]).filter(([{ box }]) => box.length && x >= box[0] && y >= box[1] && x < box[2] && y < box[3]);
    if (!hit.length) return;
    const area = ([{ box }]) => (box[2] - box[0]) * (box[3] - box[1]);
    shared.object = hit.reduce((one, other) => (area(other) < area(one) ? other : one))[1];
    shared.step = null;
    own.changed();
  }

  function words() {
    const one = list()[at()];
    if (!one) return objects.length ? "no mask" : "no object of this image was asked for";
    const iou = one.answer && one.answer.iou !== null ? `, IoU ${number(one.answer.iou)}` : "";
    const says = one.answer && one.answer.says !== null ? `, the model says ${number(one.answer.says)}` : "";
    const name = shared.object ? `object ${current().name}` : "all objects";
    const mean = shared.object || !iou ? iou : iou.replace("IoU", "mean IoU");
    return `${name}, ${one.label}${mean}${says}${one.answer ? "" : ", no mask was kept"}`;
  }

  function draw() {
    const one = list()[at()];
    const { on } = shared;
    const answer = one ? one.answer : null;
    const errors = on.errors && answer && answer.errors;
    const address = (name) => (name ? source(name) : "");
    stage.layers([["image", source("image.jpg")], ["mask", address(on.mask && !errors && answer && answer.mask)],
      ["errors", address(errors)], ["truth", address(on.truth && current() && current().truth)]]);
    stage.mark(on.clicks && one ? one.points : []);
    caption.textContent = words();
    buttons.replaceChildren(...list().map((step, place) => {
      const short = step.made ? String(step.made) : step.label;
      const about = step.answer && step.answer.iou !== null ? `, IoU ${number(step.answer.iou)}` : "";
      return h("button", { type: "button", "aria-pressed": place === at() ? "true" : "false", "aria-label": step.label + about, "data-step": place,
        onclick: () => { shared.step = place; own.changed(); buttons.querySelector(`[data-step="${place}"]`)?.focus(); } }, short);
    }));
    const shown = errors ? [key("right", [40, 120, 255]), key("false", [235, 40, 40]), key("missed", [250, 185, 10])] : [key(shared.object ? "mask" : "masks, a colour each", [40, 120, 255])];
    keys.replaceChildren(key(shared.object ? "the object" : "objects, a colour each", [25, 190, 80]), ...shown);
  }

  return { element, stage, draw, words, objects: objects.length, clicked: objects.some((one) => one.points.length),
    names: () => objects.map((one, place) => (place ? `${one.name}, ${Math.round(one.area)} pixels` : `all ${objects.length - 1}`)),
    step: (by) => { shared.step = Math.max(0, Math.min(list().length - 1, at() + by)); },
    box: () => { const box = current()?.box; return box && box.length && shared.object ? [box[0] / told.size[1], box[1] / told.size[0], box[2] / told.size[1], box[3] / told.size[0]] : null; } };
}

const chosen = new Map();

function layerPanel(told, own) {
  const stage = new Stage(`${told.id} with edges`, told.size, own.shared.view, null);
  const checks = h("div", { class: "bar layers", role: "group", "aria-label": "layers" });
  const keys = h("ul", { class: "keys", "aria-label": "colours" });
  const element = framed(own, stage.frame, checks, keys);
  const shown = (one) => chosen.get(one.name) ?? one.shown;
  const set = (one, value) => { chosen.set(one.name, value); own.changed(); };
  const boxes = told.layers.map((one, place) => h("input", { type: "checkbox", "data-layer-name": one.name, "aria-keyshortcuts": place + 1, onchange: (event) => set(one, event.target.checked) }));
  checks.append(...told.layers.map((one, place) => h("label", { class: "check" }, boxes[place], `${one.name.replace("-", ", ")}: ${one.told}`)));
  function draw() {
    stage.layers([["image", own.source("image.jpg")], ...told.layers.map((one) => [one.name, shown(one) ? own.source(one.picture) : ""])]);
    told.layers.forEach((one, place) => { boxes[place].checked = shown(one); });
    const seen = new Map(told.layers.filter(shown).flatMap((one) => one.keys).map((one) => [one.name, one.colour]));
    keys.replaceChildren(...[...seen].map(([name, colour]) => key(name, colour)));
  }
  const layer = (index) => { if (told.layers[index]) set(told.layers[index], !shown(told.layers[index])); };
  return { element, stage, draw, layer, objects: 0, box: () => null, words: () => told.layers.filter(shown).map((one) => `${one.name} is shown`).join(", ") };
}

function picturePanel(told, own) {
  const figures = told.shown.map((one) => h("figure", {}, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "picture" },
    h("img", { src: own.source(one.picture), alt: one.told, width: one.size[1], height: one.size[0] })), h("figcaption", {}, one.told)));
  const element = framed(own, figures.length ? figures : h("p", {}, "This task draws no pictures of its images."));
  return { element, stage: null, draw: () => {}, objects: 0, box: () => null, words: () => "" };
}
