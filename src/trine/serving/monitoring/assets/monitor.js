// Asks for the numbers every two seconds, and draws what changed between two answers.
"use strict";

const STEP = 2000;
const KEPT = 180;
const place = document.getElementById("models");
const told = document.getElementById("told");
const pause = document.getElementById("pause");
const dashes = [[], [6, 4], [2, 3], [10, 4], [6, 3, 2, 3], [3, 6]];
const charts = [
  { key: "rate", title: "Items a second", unit: "" },
  { key: "batch", title: "Items in a batch", unit: "" },
  { key: "queue", title: "Time in line", unit: "ms, 95th percentile" },
  { key: "inference", title: "Time of a batch", unit: "ms, 95th percentile" },
  { key: "errors", title: "Errors a second", unit: "" },
];
const shown = new Map();
let before = null;
let isPaused = false;

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const colour = (index) => getComputedStyle(document.documentElement).getPropertyValue(`--series-${index % 6}`).trim();
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
const short = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2 });
};

// The value below which a share of the counted values lies: straight lines between the limits of the buckets.
const quantile = (limits, counts, share) => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!total) return null;
  let wanted = share * total;
  for (let index = 0; index < counts.length; index += 1) {
    if (wanted <= counts[index]) {
      const low = index ? limits[index - 1] : 0;
      const high = index < limits.length ? limits[index] : low;
      return low + ((high - low) * wanted) / counts[index];
    }
    wanted -= counts[index];
  }
  return limits[limits.length - 1];
};
const minus = (now, then) => now.map((number, index) => number - (then ? then[index] : 0));

const point = (version, then, seconds, limits) => {
  const items = version.items - (then ? then.items : 0);
  const errors = version.errors - (then ? then.errors : 0);
  const queue = minus(version.queue, then && then.queue).slice(0, -1);
  const inference = minus(version.inference, then && then.inference).slice(0, -1);
  const batches = inference.reduce((sum, count) => sum + count, 0);
  const thousand = (value) => (value === null ? null : value * 1000);
  return {
    rate: items / seconds,
    errors: errors / seconds,
    batch: batches ? items / batches : null,
    queue: thousand(quantile(limits, queue, 0.95)),
    inference: thousand(quantile(limits, inference, 0.95)),
  };
};

const draw = (chart) => {
  const { element, model } = chart;
  if (chart.plot) chart.plot.destroy();
  const grid = { stroke: ink("--line"), width: 1 };
  const axis = { stroke: ink("--quiet"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
  const series = model.names.map((name, index) => ({
    label: name, stroke: colour(index), width: 2, dash: dashes[index % 6], spanGaps: false, points: { show: false },
  }));
  chart.plot = new uPlot({
    width: Math.max(element.clientWidth, 120), height: 160, cursor: { show: false }, legend: { show: false },
    scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [{ ...axis, space: 80, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 52, values: (_, values) => values.map(short) }],
    series: [{}, ...series],
  }, rows(chart), element);
};
const rows = ({ model, key }) => [model.times, ...model.names.map((name) => model.points.get(name)[key])];

const addModel = (name) => {
  const section = make("section", { class: "model", "aria-labelledby": `model-${name}` });
  const head = make("div", { class: "head" });
  const versions = make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Versions of ${name}` });
  const grid = make("div", { class: "charts" });
  const drift = make("div");
  section.append(head, versions, grid, drift);
  place.append(section);
  const model = { name, head, versions, drift, names: [], times: [], points: new Map(), charts: [] };
  for (const { key, title, unit } of charts) {
    const element = make("div", { class: "plot", role: "img" });
    grid.append(make("figure", {}, make("figcaption", {}, `${title} `, make("span", {}, unit)), element));
    const chart = { element, model, key, title, unit, plot: null };
    model.charts.push(chart);
    new ResizeObserver(() => chart.plot && chart.plot.setSize({ width: element.clientWidth, height: 160 })).observe(element);
  }
  shown.set(name, model);
  return model;
};

const addPoints = (model, data, then, seconds, limits) => {
  model.times.push(data.time);
  for (const version of data.versions) {
    if (!model.points.has(version.version)) {
      model.names.push(version.version);
      const blank = () => new Array(model.times.length - 1).fill(null);
      model.points.set(version.version, Object.fromEntries(charts.map(({ key }) => [key, blank()])));
    }
  }
  for (const [name, kept] of model.points) {
    const now = data.versions.find((one) => one.version === name);
    const old = then && then.versions.find((one) => one.version === name);
    const found = now && then ? point(now, old, seconds, limits) : {};
    for (const { key } of charts) {
      kept[key].push(found[key] ?? null);
      if (kept[key].length > KEPT) kept[key].shift();
    }
  }
  if (model.times.length > KEPT) model.times.shift();
};

const last = (values) => values[values.length - 1];
const table = (caption, heads, lines) => make("table", { "aria-label": caption },
  make("thead", {}, make("tr", {}, ...heads.map(([head, kind]) => make("th", { scope: "col", class: kind }, head)))),
  make("tbody", {}, ...lines));

const tellModel = (model, data) => {
  const ready = data.ready ? ["good", "ready"] : ["bad", "not ready"];
  model.head.replaceChildren(make("h2", { id: `model-${model.name}` }, model.name), make("code", {}, data.path),
    make("span", { class: `state ${ready[0]}` }, ready[1]),
    make("span", { class: "quiet" }, data.replicas.map((one) => `replica ${one.number}: ${one.state} on ${one.device}`).join(", ")));
  const heads = [["Version", "words"], ["Role", "words"], ["Items", ""], ["Errors", ""], ["Items/s", ""], ["Batch", ""],
    ["In line, ms", ""], ["Batch, ms", ""], ["Shadow", "words"]];
  const lines = data.versions.map((version) => {
    const points = model.points.get(version.version);
    const numbers = [version.items, version.errors, last(points.rate), last(points.batch), last(points.queue), last(points.inference)];
    const key = make("span", { class: `key key-${model.names.indexOf(version.version) % 6}`, "aria-hidden": "true" });
    const shadow = Object.entries(version.shadow).map(([outcome, count]) => `${short(count)} ${outcome}`).join(", ") || "–";
    return make("tr", {}, make("th", { scope: "row" }, key, version.version), make("td", { class: "words" }, version.role || "–"),
      ...numbers.map((number) => make("td", {}, short(number))), make("td", { class: "words" }, shadow));
  });
  const hadFocus = document.activeElement === model.versions;
  model.versions.replaceChildren(table(`Versions of ${model.name}`, heads, lines));
  if (hadFocus) model.versions.focus();
  tellDrift(model, data);
};

const words = (index) => (index < 0.1 ? ["good", "stable"] : index < 0.25 ? ["warn", "shifted"] : ["bad", "another population"]);
const tellDrift = (model, data) => {
  const lines = data.versions.flatMap((version) => Object.entries(version.drift).sort((a, b) => b[1] - a[1]).slice(0, 20)
    .map(([feature, index]) => {
      const [kind, word] = words(index);
      const meter = make("meter", { min: "0", max: "0.5", low: "0.1", high: "0.25", optimum: "0", value: String(index),
        "aria-label": `Drift of ${feature} in version ${version.version}` });
      return make("tr", {}, make("th", { scope: "row" }, feature), make("td", { class: "words" }, version.version),
        make("td", {}, index.toFixed(3)), make("td", { class: "words" }, meter), make("td", { class: `words ${kind}` }, word));
    }));
  const known = data.versions.some((version) => version.expects);
  if (!lines.length) {
    const text = known ? "Too few inputs yet to compare them with the training data." : "No training statistics are known.";
    model.drift.replaceChildren(make("h3", {}, "Inputs against training data"), make("p", { class: "quiet" }, text));
    return;
  }
  const heads = [["Feature", "words"], ["Version", "words"], ["PSI", ""], ["Distance", "words"], ["Reading", "words"]];
  model.drift.replaceChildren(make("h3", {}, "Inputs against training data"),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Drift of ${model.name}` },
      table(`Drift of ${model.name}`, heads, lines)));
};

const show = (data) => {
  const seconds = before ? Math.max(data.time - before.time, 0.001) : 1;
  for (const one of data.models) {
    one.time = data.time;
    const model = shown.get(one.name) || addModel(one.name);
    const count = model.names.length;
    addPoints(model, one, before && before.models.find((old) => old.name === one.name), seconds, data.limits);
    for (const chart of model.charts) {
      if (!chart.plot || count !== model.names.length) draw(chart);
      else chart.plot.setData(rows(chart));
      const said = model.names.map((name) => `version ${name} ${short(last(model.points.get(name)[chart.key]))}`).join(", ");
      chart.element.setAttribute("aria-label", `${chart.title} ${chart.unit}: ${said}`);
    }
    tellModel(model, one);
  }
  before = data;
};

const ask = async () => {
  if (!isPaused && !document.hidden) {
    try {
      const answer = await fetch(place.dataset.url, { headers: { accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const data = await answer.json();
      show(data);
      told.textContent = data.models.length ? `As of ${clock(data.time)}` : "There are no models.";
    } catch (error) {
      told.textContent = `No answer: ${error.message}. Asking again.`;
    }
  }
  setTimeout(ask, STEP);
};

pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(isPaused));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const model of shown.values()) model.charts.forEach(draw);
});
place.replaceChildren();
ask();
