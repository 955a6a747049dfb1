// What the page asks for. The same addresses are files of a bundle.

const kept = new Map();

async function load(path) {
  const answer = await fetch("data/" + path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path} is not there (${answer.status})`);
  return answer.json();
}

export function get(path, again = false) {
  if (again || !kept.has(path)) {
    const asked = load(path);
    kept.set(path, asked);
    asked.catch(() => kept.delete(path));
  }
  return kept.get(path);
}

export function forget(part) {
  for (const path of [...kept.keys()]) if (path.startsWith(part)) kept.delete(path);
}

export async function runs(again = false) {
  return get("runs.json", again);
}

export async function run(key) {
  const { runs: all } = await runs();
  return all.find((one) => one.key === key);
}

// The address of a picture; the run's version lets a browser keep it until the run is another.
export function picture(run, place, name) {
  return `data/${run.key}/${place}/${name}?v=${run.version}`;
}
