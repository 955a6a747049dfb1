"use strict";
const dialog = document.querySelector("dialog");
const content = dialog.querySelector(".content");
const cards = Array.from(document.querySelectorAll(".card"));
let current = -1;

// Large pictures lie in templates, which a browser neither decodes nor draws before they are copied out.
function show(index) {
  current = (index + cards.length) % cards.length;
  const key = cards[current].id;
  content.replaceChildren(document.querySelector(`template[data-for="${key}"]`).content.cloneNode(true));
  content.querySelectorAll("img").forEach((image) => image.addEventListener("load", () =>
    image.classList.toggle("wide", image.naturalWidth > 1.9 * image.naturalHeight)));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  history.replaceState(null, "", "#" + key);
}

cards.forEach((card, index) => card.addEventListener("click", () => show(index)));
dialog.querySelectorAll("[data-step]").forEach((button) =>
  button.addEventListener("click", () => show(current + Number(button.dataset.step))));
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("keydown", (event) => {
  if (event.target.classList.contains("scroll")) return; // arrows scroll a wide picture there
  if (event.key === "ArrowRight") show(current + 1);
  if (event.key === "ArrowLeft") show(current - 1);
});
dialog.addEventListener("close", () => {
  content.replaceChildren();
  history.replaceState(null, "", location.pathname + location.search);
  cards[current].focus();
});

// A link may name an image or a folded part.
function follow() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (cards.includes(target)) show(cards.indexOf(target));
  if (target.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", follow);
follow();

// On paper everything is unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = Array.from(document.querySelectorAll("details:not([open])"));
  folded.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
