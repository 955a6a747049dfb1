"use strict";
const QUESTIONS = { valid: "v", clean: "b", matches: "m" };
const by = (id) => document.getElementById(id);
const embedded = by("bundle") && JSON.parse(by("bundle").textContent);
const token = decodeURIComponent(location.hash.slice(1));
let state, place, since, sending = false, seen = null;

// Where jobs and pictures come from and ratings go: the server, or this page and the browser's storage.
const server = {
  async ask(path, options = {}) {
    const headers = { Authorization: "Bearer " + token, "Content-Type": "application/json" };
    const answer = await fetch(path, { ...options, headers, cache: "no-store" });
    if (answer.status === 401) throw new Error("This address is not a rater's. Ask for your link.");
    if (!answer.ok) throw new Error("The server answered " + answer.status + ".");
    return answer;
  },
  async load() { return (await this.ask("api/state")).json(); },
  async picture(job, view) { return URL.createObjectURL(await (await this.ask(`api/picture/${job}/${view}`)).blob()); },
  async keep(rating) {
    const answer = await this.ask("api/rate", { method: "POST", body: JSON.stringify(rating) });
    return answer.json();
  },
};
const page = {
  name() { return `sambench-rate-${embedded.study}-${embedded.rater}`; },
  async load() { return { ...embedded, answers: JSON.parse(localStorage.getItem(this.name()) || "{}") }; },
  async picture(job, view) { return embedded.pictures[job][view - 1]; },
  async keep({ again, ...rating }) {
    const answers = JSON.parse(localStorage.getItem(this.name()) || "{}");
    const kept = again || !(rating.job in answers);
    if (kept) answers[rating.job] = { ...rating, utc: new Date().toISOString() };
    localStorage.setItem(this.name(), JSON.stringify(answers));
    return { kept, state: { ...embedded, answers } };
  },
};
// An input called "matches" would stand in the place of the form's own method of that name.
const field = (name) => by("form").elements[name in QUESTIONS ? "ask_" + name : name];
const source = embedded ? page : server;

function say(text, done = false) {
  by("message").textContent = text;
  by("message").className = done ? "done" : "";
}

function firstOpen() {
  const found = state.jobs.findIndex((job) => !(job in state.answers));
  return found < 0 ? state.jobs.length : found;
}

async function show() {
  const total = state.jobs.length, rated = Object.keys(state.answers).length, job = state.jobs[place];
  seen = null;
  by("progress").textContent = `${rated} of ${total} rated`;
  by("bar").max = total;
  by("bar").value = rated;
  by("undo").disabled = place === 0;
  by("next").disabled = !job;
  by("save").hidden = !embedded;
  by("work").hidden = false;
  by("form").reset();
  for (const part of by("form").querySelectorAll("fieldset")) part.disabled = !job;
  for (const image of by("views").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  by("views").replaceChildren();
  if (!job) {
    say(embedded ? "All done. Save to a file and send it back." : "All done. Thank you.", true);
    return;
  }
  const before = state.answers[job];
  if (before) {
    field("rating").value = before.rating;
    for (const name in QUESTIONS) field(name).value = before[name] ? "yes" : "no";
  }
  const sources = await Promise.all(state.views.map((_, index) => source.picture(job, index + 1)));
  by("views").replaceChildren(...sources.map((url, index) => {
    const figure = document.createElement("figure"), image = new Image(), caption = document.createElement("figcaption");
    image.src = url;
    image.alt = state.views[index];
    caption.textContent = state.views[index];
    figure.append(image, caption);
    return figure;
  }));
  seen = job;
  since = performance.now();
}

async function attempt(action) {
  if (sending) return;
  sending = true;
  try {
    await action();
  } catch (error) {
    say(error instanceof TypeError ? "The server does not answer. Nothing is lost: try again in a moment." : error.message);
  } finally {
    sending = false;
  }
}

function submit() {
  const job = state.jobs[place];
  if (!job) return;
  if (seen !== job) {
    attempt(async () => { await show(); say(""); });  // its pictures did not come: nobody rates what was not seen
    return;
  }
  const missing = ["rating", ...Object.keys(QUESTIONS)].filter((name) => !field(name).value);
  if (missing.length) {
    say("Rate the mask and answer all three questions first.");
    field(missing[0])[0].focus();
    return;
  }
  const rating = { job, rating: Number(field("rating").value), ms: Math.max(0, Math.round(performance.now() - since)) };
  for (const name in QUESTIONS) rating[name] = field(name).value === "yes";
  rating.again = job in state.answers;
  attempt(async () => {
    const answer = await source.keep(rating);
    state = answer.state;
    say(answer.kept ? "" : "This one was rated in another tab; that rating stays.");
    place = firstOpen();
    await show();
  });
}

function undo() {
  attempt(async () => {
    if (place > 0) place -= 1;
    say("");
    await show();
  });
}

function save() {
  const content = { study: state.study, rater: state.rater, ratings: Object.values(state.answers) };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  link.download = `ratings-${state.study}-${state.rater}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

for (let value = 1; value <= 10; value++) {
  const label = document.createElement("label"), input = document.createElement("input"), text = document.createElement("span");
  Object.assign(input, { type: "radio", name: "rating", value });
  text.textContent = value;
  label.append(input, text);
  by("scale").append(label);
}
by("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
by("undo").addEventListener("click", undo);
by("save").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || by("work").hidden) return;
  const key = event.key.toLowerCase();
  const asked = Object.keys(QUESTIONS).find((name) => QUESTIONS[name] === key);
  if (/^[0-9]$/.test(key)) field("rating").value = key === "0" ? "10" : key;
  else if (asked) field(asked).value = field(asked).value === "yes" ? "no" : "yes";
  else if (key === "u") undo();
  else if (key === "enter" && !["BUTTON", "SUMMARY"].includes(event.target.tagName)) {
    event.preventDefault();
    submit();
  }
});
window.addEventListener("hashchange", () => location.reload());
attempt(async () => {
  state = await source.load();
  place = firstOpen();
  await show();
});
