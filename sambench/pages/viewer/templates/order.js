// The images of a run in the order in which a table shows them; the image view goes through them in the same one.

import { get } from "./data.js";

export const FIRST = { key: "loss", down: true, find: "" };

export function read(query) {
  return { key: query.get("sort") || FIRST.key, down: query.get("up") === null, find: query.get("find") || "" };
}

export function write(order, against) {
  const query = new URLSearchParams();
  query.set("sort", order.key);
  if (!order.down) query.set("up", "1");
  if (order.find) query.set("find", order.find);
  if (against) query.set("against", against);
  return "?" + query.toString();
}

// A run's images with what they lose, and, beside another run, what they lost there.
export async function lines(key, against) {
  const own = await get(`${key}/images.json`);
  if (own.error) return own;
  const other = against ? await get(`${against}/images.json`) : null;
  if (other && other.error) return other;
  const before = other ? new Map(other.ids.map((id, place) => [id, place])) : null;
  const drawn = own.drawn ? new Set(own.drawn) : null;
  const found = own.ids.map((id, place) => {
    const line = { id, place, loss: own.losses[place], drawn: !drawn || drawn.has(place) };
    if (!before) return line;
    const there = before.get(id);
    line.before = there === undefined ? null : other.losses[there];
    line.change = line.loss === null || line.before === null ? null : line.loss - line.before;
    return line;
  });
  return { lines: found, drawn: own.drawn || null, why: own.why };
}

// Numbers that are not there stand last, whichever way is up; equal ones stay in the data's order.
export function sorted(found, order) {
  const wanted = order.find.trim().toLowerCase();
  const kept = wanted ? found.filter((one) => one.id.toLowerCase().includes(wanted)) : found.slice();
  const way = order.down ? -1 : 1;
  const key = order.key;
  kept.sort((one, other) => {
    const a = one[key], b = other[key];
    const none = (a === null || a === undefined) - (b === null || b === undefined);
    if (none || a === b || a === null || a === undefined) return none || one.place - other.place;
    return (a < b ? -1 : 1) * way;
  });
  return kept;
}
