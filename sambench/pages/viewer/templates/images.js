// The table of a run's images: sorted, filtered, a page at a time, small pictures as they come into sight.

import { framed, h, labelled, sortable } from "./dom.js";
import { count, number, signed } from "./format.js";
import { picture } from "./data.js";
import { lines, sorted, write } from "./order.js";

const PAGE = 50;

export async function imageTable(run, order, against, moved) {
  const found = await lines(run.key, against);
  if (found.error) return h("p", { class: "dim" }, `${found.error.what}. ${found.error.mend}`);
  const state = { ...order, page: 0 };
  const body = h("div", { class: "images" });
  const find = h("input", { type: "search", value: state.find, oninput: (event) => change({ find: event.target.value }) });
  const box = h("div", {},
    h("div", { class: "bar" }, labelled("Find an image", find)),
    found.why ? h("p", { class: "dim" }, `No loss of an image is known: ${found.why}.`) : null,
    found.drawn ? h("p", { class: "dim" }, `Pictures of ${count(found.drawn.length)} of ${count(found.lines.length)} images are in this bundle.`) : null,
    body);

  function change(what) {
    Object.assign(state, { page: 0 }, what);
    moved({ key: state.key, down: state.down, find: state.find });
    const focused = document.activeElement && document.activeElement.dataset.sort;
    draw();
    if (focused) body.querySelector(`[data-sort="${focused}"]`)?.focus();
  }

  function draw() {
    const all = sorted(found.lines, state);
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    state.page = Math.min(Math.max(0, state.page), pages - 1);
    const shown = all.slice(state.page * PAGE, (state.page + 1) * PAGE);
    const head = (name, key, first) => sortable(name, key, { ...state, first }, change, key === "id" ? {} : { class: "right" });
    const columns = [head("image", "id", "up")];
    if (against) columns.push(head("change", "change"));
    columns.push(head("loss", "loss"));
    if (against) columns.push(head("loss before", "before"));
    const query = write(state, against);
    const table = h("table", { class: "plain", "data-count": all.length },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "hidden" }, "picture")), columns)),
      h("tbody", {}, shown.map((one) => line(run, one, against, query))));
    const steps = h("div", { class: "bar pages" },
      h("button", { type: "button", disabled: state.page === 0, onclick: () => turn(-1, "previous"), "data-page": "previous" }, "Previous page"),
      h("span", { class: "where" }, `${count(all.length ? state.page * PAGE + 1 : 0)} to ${count(state.page * PAGE + shown.length)} of ${count(all.length)}`),
      h("button", { type: "button", disabled: state.page >= pages - 1, onclick: () => turn(1, "next"), "data-page": "next" }, "Next page"));
    body.replaceChildren(framed("images", table), steps);
  }

  function turn(by, name) {
    state.page += by;
    draw();
    const button = body.querySelector(`[data-page=${name}]`);
    (button.disabled ? body.querySelector(".scroll") : button).focus();
  }

  draw();
  return box;
}

function line(run, one, against, query) {
  const address = `#/run/${run.key}/image/${one.place}${query}`;
  const small = one.drawn
    ? h("img", { src: picture(run, one.place, "thumb.jpg"), alt: "", loading: "lazy", decoding: "async", width: 80, height: 60 })
    : null;
  const cells = [h("td", { class: "thumb" }, small), h("th", { scope: "row" }, h("a", { href: address }, one.id))];
  const how = one.change > 0 ? "worse" : one.change < 0 ? "better" : "";
  if (against) cells.push(h("td", { class: `right ${how}` }, signed(one.change)));
  cells.push(h("td", { class: "right" }, number(one.loss)));
  if (against) cells.push(h("td", { class: "right" }, number(one.before)));
  return h("tr", {}, cells);
}
