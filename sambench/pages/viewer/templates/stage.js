// Layers of an image over each other, moved and made larger together; points are drawn at one size whatever the zoom.

import { h, svg } from "./dom.js";

const MOST = 40;

// What is seen of an image: how much larger than fitted, and the place of the image that stands in the middle.
export class View {
  constructor() {
    this.followers = new Set();
    this.reset();
  }

  reset() {
    this.set(1, 0.5, 0.5);
  }

  set(scale, x, y) {
    this.scale = Math.min(MOST, Math.max(1, scale));
    const margin = 0.5 / this.scale;
    this.x = Math.min(1 - margin, Math.max(margin, x));
    this.y = Math.min(1 - margin, Math.max(margin, y));
    for (const follow of this.followers) follow();
  }

  zoom(by, x = this.x, y = this.y) {
    const before = this.scale;
    const after = Math.min(MOST, Math.max(1, before * by));
    const kept = before / after;
    this.set(after, x + (this.x - x) * kept, y + (this.y - y) * kept);
  }

  move(x, y) {
    this.set(this.scale, this.x + x / this.scale, this.y + y / this.scale);
  }

  // Show a box (left, top, right, bottom in shares of the image) with as much again around it.
  box(left, top, right, bottom) {
    this.set(Math.min(0.5 / Math.max(right - left, bottom - top, 0.01), 12), (left + right) / 2, (top + bottom) / 2);
  }
}

export class Stage {
  constructor(label, size, view, picked) {
    [this.height, this.width] = size;
    this.view = view;
    this.slots = new Map();
    this.points = svg("svg", { "aria-hidden": "true", class: "points" });
    this.sheet = h("div", { class: "sheet" });
    this.frame = h("div", { class: "stage", role: "img", "aria-label": label }, this.sheet, this.points);
    this.clicks = [];
    this.follow = () => this.place();
    view.followers.add(this.follow);
    this.seen = new ResizeObserver(() => this.place());
    this.seen.observe(this.frame);
    this.drag(picked);
  }

  close() {
    this.view.followers.delete(this.follow);
    this.seen.disconnect();
  }

  // Show pictures by slot, in this order from below; a slot without an address is empty.
  async layers(wanted) {
    const loaded = wanted.map(async ([slot, address]) => {
      const old = this.slots.get(slot);
      if (old && old.address === address) return;
      const image = address ? h("img", { src: address, alt: "", draggable: "false", "data-slot": slot }) : null;
      const entry = { address, image };
      this.slots.set(slot, entry);
      if (image) await image.decode().catch(() => image.classList.add("missing"));
      if (this.slots.get(slot) !== entry) return;
      for (const one of this.sheet.querySelectorAll(`[data-slot="${slot}"]`)) one.remove();
      if (image) this.sheet.append(image);
    });
    await Promise.all(loaded);
    for (const [slot] of wanted) {
      const image = this.slots.get(slot)?.image;
      if (image?.isConnected) this.sheet.append(image);
    }
    this.place();
  }

  // Clicks in order: x, y and 1 on the object, 0 on the background.
  mark(clicks) {
    this.clicks = clicks;
    this.place();
  }

  place() {
    const { clientWidth: wide } = this.frame;
    if (!wide) return;
    const tall = Math.min((wide * this.height) / this.width, Math.max(240, innerHeight * 0.68));
    const fit = Math.min(wide / this.width, tall / this.height);
    this.frame.style.height = `${Math.round(this.height * fit)}px`;
    const scale = fit * this.view.scale;
    const left = wide / 2 - this.view.x * this.width * scale;
    const top = (this.height * fit) / 2 - this.view.y * this.height * scale;
    Object.assign(this.sheet.style, { width: `${this.width}px`, height: `${this.height}px`, transform: `translate(${left}px, ${top}px) scale(${scale})` });
    this.sheet.classList.toggle("pixels", scale >= 2);
    this.at = { left, top, scale };
    this.points.replaceChildren(...this.clicks.map(([x, y, on], place) => mark(left + (x + 0.5) * scale, top + (y + 0.5) * scale, on, place + 1, wide < 500 ? 7 : 9)));
    this.frame.style.touchAction = this.view.scale > 1 ? "none" : "pan-y";
  }

  drag(picked) {
    let from = null, moved = false;
    const held = new Map();
    this.frame.addEventListener("pointerdown", (event) => {
      held.set(event.pointerId, [event.clientX, event.clientY]);
      from = [event.clientX, event.clientY];
      moved = held.size > 1;
      if (event.pointerType === "mouse" || this.view.scale > 1 || held.size > 1) this.frame.setPointerCapture(event.pointerId);
    });
    this.frame.addEventListener("pointermove", (event) => {
      if (!held.has(event.pointerId)) return;
      const [x, y] = held.get(event.pointerId);
      const now = [event.clientX, event.clientY];
      if (Math.hypot(now[0] - from[0], now[1] - from[1]) > 4) moved = true;
      if (held.size === 2) {
        const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        const before = Math.hypot(x - other[0], y - other[1]), after = Math.hypot(now[0] - other[0], now[1] - other[1]);
        if (before > 0) this.view.zoom(after / before);
      } else if (moved) {
        this.view.move(-(now[0] - x) / this.frame.clientWidth, -(now[1] - y) / this.frame.clientHeight);
      }
      held.set(event.pointerId, now);
    });
    const end = (event) => {
      if (held.delete(event.pointerId) && !moved && event.type === "pointerup") picked?.(...this.pixel(event));
    };
    this.frame.addEventListener("pointerup", end);
    this.frame.addEventListener("pointercancel", end);
    this.frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && this.view.scale === 1 && event.deltaY > 0) return; // the page scrolls on
      event.preventDefault();
      const [x, y] = this.pixel(event);
      this.view.zoom(Math.exp(-event.deltaY / 300), x / this.width, y / this.height);
    }, { passive: false });
  }

  // The image's pixel under a pointer.
  pixel(event) {
    const { left, top } = this.frame.getBoundingClientRect();
    return [(event.clientX - left - this.at.left) / this.at.scale, (event.clientY - top - this.at.top) / this.at.scale];
  }
}

// On the object a round green mark, on the background a square red one, with the number of the click.
function mark(x, y, on, number, radius) {
  const side = radius - 1;
  const shape = on ? svg("circle", { cx: x, cy: y, r: radius, class: "on" }) : svg("rect", { x: x - side, y: y - side, width: 2 * side, height: 2 * side, class: "off" });
  const text = svg("text", { x, y: y + 4, "text-anchor": "middle" }, String(number));
  return svg("g", { "data-click": number }, shape, text);
}
