"use strict";
// A button in a column's head sorts the rows by it: the best first, then the other way round. Empty cells stay last.
function sort(table, column, head) {
  const turned = head.getAttribute("aria-sort") === "ascending";
  table.querySelectorAll("thead th").forEach((one) => one.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", turned ? "descending" : "ascending");
  const body = table.tBodies[0];
  const keyed = Array.from(body.rows).map((row, place) => [row.cells[column].dataset.order, place, row]);
  keyed.sort(([one, first], [other, second]) => {
    if (one === other) return first - second;
    if (one === "" || other === "") return one === "" ? 1 : -1;
    const numbers = [Number(one), Number(other)];
    const found = numbers.some(Number.isNaN) ? one.localeCompare(other) : numbers[0] - numbers[1];
    return turned ? -found : found;
  });
  body.append(...keyed.map(([, , row]) => row));
}

document.querySelectorAll("table.board").forEach((table) =>
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = head.querySelector("button");
    if (button) button.addEventListener("click", () => sort(table, column, head));
  }));
