// Any date, framework, judgement and region, counted here from the graded inspections that the page carries. The rules are those of
// as_at: of each provider open on the day the last graded inspection that made the judgement, took place by the day and was published by it.
const carried = JSON.parse(document.getElementById("records").textContent);
const [OF, INSPECTED, PUBLISHED, FRAMEWORK, REGION, GRADES] = [0, 1, 2, 3, 4, 5]; // places in a row
const [KEY, NAME, PAGE, OPENED, CLOSED, LISTED, REGISTERED_IN] = [0, 1, 2, 3, 4, 5, 6]; // places in a provider
const Z = 1.959963984540054; // of Wilson's 95% interval
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

const dateOf = (day) => new Date(day * 86400000);
const iso = (day) => dateOf(day).toISOString().slice(0, 10);
const words = (day) => `${dateOf(day).getUTCDate()} ${MONTHS[dateOf(day).getUTCMonth()]} ${dateOf(day).getUTCFullYear()}`;
const short = (day) => `${MONTHS[dateOf(day).getUTCMonth()].slice(0, 3)} ${dateOf(day).getUTCFullYear()}`;

// ---- counting

// The state: one entry per provider, with the place of its grade (best 0, -1 without one).
function stateOn({ day, framework, judgement }) {
  const inForce = (row) => (row[INSPECTED] ?? -Infinity) <= day && (row[PUBLISHED] ?? -Infinity) <= day;
  const last = new Map();
  const newest = new Map();
  for (const row of carried.rows) {
    if ((framework >= 0 && row[FRAMEWORK] !== framework) || !inForce(row)) continue;
    newest.set(row[OF], row);
    if (row[GRADES + judgement] >= 0) last.set(row[OF], row);
  }
  const state = [];
  carried.providers.forEach((provider, place) => {
    const isOpen = (provider[OPENED] ?? -Infinity) <= day && (provider[CLOSED] ?? Infinity) > day;
    const row = last.get(place);
    if (!isOpen || (!row && !provider[LISTED])) return;
    state.push({
      provider,
      grade: row ? row[GRADES + judgement] : -1,
      region: row ? row[REGION] : provider[REGISTERED_IN],
      inspected: row ? row[INSPECTED] ?? row[PUBLISHED] : null,
      newer: row && newest.get(place) !== row ? newest.get(place)[INSPECTED] ?? newest.get(place)[PUBLISHED] : null,
    });
  });
  return state;
}

function counted(state) {
  const counts = carried.labels.map((_, place) => state.filter((one) => one.grade === place).length);
  const judged = counts.reduce((sum, count) => sum + count, 0);
  const good = counts.slice(0, carried.goodEnough).reduce((sum, count) => sum + count, 0);
  const centre = (good + Z * Z / 2) / (judged + Z * Z);
  const half = Z / (judged + Z * Z) * Math.sqrt(good * (judged - good) / judged + Z * Z / 4);
  return {
    n: state.length,
    judged,
    counts,
    good,
    percent: carried.goodEnough && judged ? Math.floor((200 * good + judged) / (2 * judged)) : null,
    lower: judged ? (100 * Math.max(0, centre - half)).toFixed(1) : "",
    upper: judged ? (100 * Math.min(1, centre + half)).toFixed(1) : "",
  };
}

// ---- drawing

function made(name, attributes, ...children) {
  const isSvg = ["svg", "rect", "text"].includes(name);
  const node = isSvg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function drawHeadline(chosen, count) {
  const lede = document.getElementById("lede");
  const where = `As at ${words(chosen.day)}${chosen.region ? `, in ${chosen.region}` : ""}: `;
  const judgement = carried.judgements[chosen.judgement].toLowerCase();
  const are = (number) => (number === 1 ? "is" : "are");
  const labels = carried.labels.map((label) => label.toLowerCase());
  if (!count.judged) {
    lede.replaceChildren(made("strong", {}, "–"), made("span", {}, `${where}nobody judged on ${judgement}.`));
    return;
  }
  if (count.percent === null) {
    const told = labels.map((label, place) => `${count.counts[place]} ${label}`).join(", ");
    lede.replaceChildren(made("strong", {}, `${count.judged}`), made("span", {}, `${where}${carried.nouns} judged on ${judgement}: ${told}.`));
    return;
  }
  const worst = count.counts.at(-1);
  const told = `${where}${count.good} of ${count.judged} ${carried.nouns} ${are(count.good)} ${carried.threshold.toLowerCase()} by ${judgement}; ${worst} ${are(worst)} ${labels.at(-1)}.`;
  lede.replaceChildren(made("strong", {}, `${count.percent}%`), made("span", {}, told));
}

function drawMap(state, chosen) {
  const byKey = new Map(state.map((one) => [one.provider[KEY], one]));
  for (const hex of document.querySelectorAll("#hexmap [data-key]")) {
    const one = byKey.get(hex.dataset.key);
    const place = one ? one.grade : -1;
    hex.querySelector("polygon").setAttribute("class", place >= 0 ? `f${place}` : "fn");
    hex.querySelector("text").setAttribute("class", place >= 0 ? `t${place}` : "");
    hex.querySelector("circle").setAttribute("visibility", one?.newer == null ? "hidden" : "visible");
    hex.classList.toggle("away", Boolean(chosen.region) && regionOf(one) !== chosen.region);
    const name = one ? one.provider[NAME] : carried.providers.find((provider) => provider[KEY] === hex.dataset.key)?.[NAME] ?? hex.dataset.name;
    const told = place >= 0 ? `${name}: ${carried.labels[place]}, inspected ${words(one.inspected)}` : `${name}: not judged by ${words(chosen.day)}`;
    const newer = one?.newer == null ? "" : `; a newer inspection, of ${words(one.newer)}, did not make this judgement`;
    if (hex.matches("a")) hex.setAttribute("aria-label", told + newer);
    else hex.querySelector("title").textContent = told + newer;
  }
  const hint = document.querySelector(".newer-told");
  if (hint) hint.hidden = !state.some((one) => one.newer != null);
}

const regionOf = (one) => (one ? carried.regions[one.region] ?? "Not stated" : "");

function drawRegions(state) {
  const figure = document.getElementById("region-bars");
  if (!figure) return;
  const names = [...carried.regions, "Not stated"].filter((name) => state.some((one) => regionOf(one) === name));
  const rows = names.map((name) => ({ name, ...counted(state.filter((one) => regionOf(one) === name)) }));
  if (carried.goodEnough) rows.sort((a, b) => (b.judged ? b.good / b.judged : -1) - (a.judged ? a.good / a.judged : -1));
  figure.replaceChildren(...rows.map((row) => {
    const svg = made("svg", { "aria-hidden": "true" });
    let start = 0;
    row.counts.forEach((count, place) => {
      if (!count) return;
      const width = 100 * count / row.judged;
      svg.append(made("rect", { class: `f${place}`, x: `${start}%`, width: `${width}%`, height: "26" }));
      if (width > 2.6) svg.append(made("text", { class: `t${place}`, x: `${start + width / 2}%`, y: "18" }, `${count}`));
      start += width;
    });
    const side = row.percent === null ? [`n = ${row.judged}`] : [made("b", {}, `${row.percent}%`), ` of ${row.judged}`];
    return made("div", { class: "bars" }, made("div", { class: "label" }, row.name), svg, made("div", { class: "side" }, ...side));
  }));
  document.querySelector("#regions tbody").replaceChildren(...rows.map((row) => {
    const shares = carried.goodEnough ? [row.good, row.percent ?? "", row.lower, row.upper] : [];
    const cells = [row.n, row.judged, ...row.counts, ...shares].map((number) => made("td", { class: "num" }, `${number}`));
    return made("tr", {}, made("th", { scope: "row" }, row.name), ...cells);
  }));
}

function drawTable(state) {
  const all = document.getElementById("all");
  const inOrder = new Intl.Collator("en-GB", { numeric: true });
  const rows = [...state].sort((a, b) => inOrder.compare(a.provider[NAME], b.provider[NAME]));
  const hasRegion = document.getElementById("regions") !== null;
  all.tBodies[0].replaceChildren(...rows.map((one) => {
    const [name, page] = [one.provider[NAME], one.provider[PAGE]];
    const grade = one.grade >= 0 ? { class: `g g${one.grade}`, "data-sort": `${one.grade}` } : { class: "g gn", "data-sort": "9" };
    const date = one.inspected === null ? "" : iso(one.inspected);
    return made("tr", { "data-code": one.provider[KEY] },
      made("th", { scope: "row" }, page ? made("a", { href: `#${page}` }, name) : name),
      ...(hasRegion ? [made("td", {}, regionOf(one))] : []),
      made("td", grade, one.grade >= 0 ? carried.labels[one.grade] : "–"),
      made("td", { "data-sort": date, "data-csv": date }, one.inspected === null ? "–" : short(one.inspected)));
  }));
  all.dispatchEvent(new Event("rowschange"));
}

// ---- choosing

const controls = Object.fromEntries(["day", "judgement", "framework", "region"].map((name) => [name, document.getElementById(`explore-${name}`)]));
const back = document.getElementById("explore-back");
for (const [name, options] of [["judgement", carried.judgements], ["framework", carried.frameworks], ["region", carried.regions]]) {
  options.forEach((label, place) => controls[name].append(made("option", { value: name === "region" ? label : `${place}` }, label)));
}
for (const name of ["framework", "region"]) controls[name].parentElement.hidden = controls[name].options.length < 3;
controls.day.max = `${carried.stops.length - 1}`;

// What the page shows of its own accord, to be put back.
const own = {
  parts: ["lede", "region-bars"].map((id) => document.getElementById(id)).concat(document.querySelector("#regions tbody"), document.querySelector("#all tbody"))
    .filter(Boolean).map((part) => [part, [...part.childNodes]]),
  hexes: [...document.querySelectorAll("#hexmap [data-key]")].map((hex) => [hex, hex.getAttribute("aria-label"), hex.querySelector("title")?.textContent,
    ["polygon", "text", "circle"].map((name) => [hex.querySelector(name), hex.querySelector(name).getAttribute("class"), hex.querySelector(name).getAttribute("visibility")])]),
  headings: ["map-told", "regions-told", "all-judgement", "by-judgement"].map((id) => document.getElementById(id)).filter(Boolean).map((node) => [node, (node.querySelector("button") ?? node).textContent]),
  told: document.querySelector(".newer-told")?.hidden,
};

function ownAgain() {
  document.body.classList.remove("exploring");
  for (const [part, children] of own.parts) part.replaceChildren(...children);
  for (const [hex, label, title, marks] of own.hexes) {
    hex.classList.remove("away");
    if (label !== null) hex.setAttribute("aria-label", label);
    else hex.querySelector("title").textContent = title;
    for (const [mark, look, visibility] of marks) {
      mark.setAttribute("class", look ?? "");
      mark.setAttribute("visibility", visibility ?? "visible");
    }
  }
  for (const [node, text] of own.headings) say(node, text);
  if (document.querySelector(".newer-told")) document.querySelector(".newer-told").hidden = own.told;
  document.getElementById("all").dispatchEvent(new Event("rowschange"));
  setControls({ day: carried.day, judgement: 0, framework: -1, region: "" });
  back.hidden = true;
}

// A heading of the table is a button, and its words on paper.
function say(node, text) {
  const parts = node.querySelectorAll("button, span");
  for (const part of parts.length ? parts : [node]) part.textContent = text;
}

function setControls({ day, judgement, framework, region }) {
  const stop = carried.stops.findLastIndex((other) => other <= day);
  controls.day.value = `${Math.max(0, stop)}`;
  controls.judgement.value = `${judgement}`;
  controls.framework.value = framework < 0 ? "" : `${framework}`;
  controls.region.value = region;
  tell(carried.stops[Math.max(0, stop)]);
}

function tell(day) {
  document.getElementById("explore-date").textContent = words(day);
  controls.day.setAttribute("aria-valuetext", words(day));
}

function show() {
  const chosen = {
    day: carried.stops[Number(controls.day.value)],
    judgement: Number(controls.judgement.value),
    framework: controls.framework.value === "" ? -1 : Number(controls.framework.value),
    region: controls.region.value,
  };
  const everyone = stateOn(chosen);
  const state = chosen.region ? everyone.filter((one) => regionOf(one) === chosen.region) : everyone;
  document.body.classList.add("exploring");
  tell(chosen.day);
  drawHeadline(chosen, counted(state));
  drawMap(everyone, chosen);
  drawRegions(state);
  const byRegion = document.getElementById("by-region");
  if (byRegion) byRegion.value = "";
  drawTable(state);
  const judgement = carried.judgements[chosen.judgement];
  const headings = { "map-told": `As at ${words(chosen.day)}: ${judgement.toLowerCase()}.`, "regions-told": `As at ${words(chosen.day)}: ${judgement.toLowerCase()}`, "all-judgement": judgement, "by-judgement": judgement };
  for (const [id, text] of Object.entries(headings)) if (document.getElementById(id)) say(document.getElementById(id), text);
  document.getElementById("explore-told").textContent = document.getElementById("lede").textContent;
  back.hidden = false;
  return chosen;
}

// ---- the address keeps what was chosen: #at=2019-03-31&judgement=Leadership&framework=SIF&region=London

function keep({ day, judgement, framework, region }) {
  const parts = { at: iso(day), judgement: carried.judgements[judgement], framework: carried.frameworks[framework], region };
  const text = Object.entries(parts).filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  history.replaceState(null, "", `#${text}`);
}

function follow() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const day = Date.parse(asked.get("at") ?? "") / 86400000;
  if (!Number.isFinite(day)) return;
  const placeOf = (name, from) => from.indexOf(asked.get(name));
  setControls({
    day,
    judgement: Math.max(0, placeOf("judgement", carried.judgements)),
    framework: placeOf("framework", carried.frameworks),
    region: carried.regions.includes(asked.get("region")) ? asked.get("region") : "",
  });
  show();
}

for (const control of Object.values(controls)) control.addEventListener("input", () => keep(show()));
back.addEventListener("click", () => {
  ownAgain();
  history.replaceState(null, "", "#overview");
  controls.day.focus();
});
addEventListener("hashchange", follow);
document.getElementById("explore").hidden = false;
setControls({ day: carried.day, judgement: 0, framework: -1, region: "" });
follow();
