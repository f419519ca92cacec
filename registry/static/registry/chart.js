// A line chart of one numeric column over the table's dates.
import { columnsOf, groupsOf, levels, seriesOf, ticks } from "./series.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 260;
const EDGE = { top: 12, right: 8, bottom: 26 };

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const shortly = (value) => (Math.abs(value) < 1e6 ? exact : compact).format(value);

function make(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

const MOST_GROUPS = 1000;

/** Show the chart if the preview has dates and numbers; else leave the figure hidden. */
export function showChart(figure, preview, years) {
  const columns = columnsOf(preview, years);
  if (!columns) return;
  const chart = new Chart(figure, preview, columns);
  const [column, group] = figure.querySelectorAll("select");
  for (const { name, at } of columns.numbers) column.add(new Option(name, at));
  // What comes last is most often what the rows are about: a close, a value.
  column.value = columns.numbers.at(-1).at;
  const groups = groupsOf(preview, columns.dates);
  if (groups && groups.groups.length <= MOST_GROUPS) {
    group.parentElement.hidden = false;
    group.ariaLabel = groups.name;
    for (const one of groups.groups) group.add(new Option(one));
    chart.groupAt = groups.at;
  }
  const show = () => chart.show(columns.numbers[column.selectedIndex], group.value);
  for (const select of [column, group]) select.addEventListener("change", show);
  figure.hidden = false;
  show();
  if (!chart.points.length) figure.hidden = true;
}

class Chart {
  points = [];
  groupAt = -1;

  constructor(figure, preview, columns) {
    Object.assign(this, { preview, columns });
    this.place = figure.querySelector(".drawing");
    this.range = figure.querySelector("[type=range]");
    this.reading = figure.querySelector("output");
    this.caption = figure.querySelector("figcaption");
    this.range.addEventListener("input", () => this.read(Number(this.range.value)));
    this.place.addEventListener("pointermove", (event) => this.follow(event));
    this.place.addEventListener("pointerdown", (event) => this.follow(event));
    new ResizeObserver(() => this.draw()).observe(this.place);
  }

  show({ at, name }, group) {
    const { dates, isYear } = this.columns;
    const isChosen = (row) => this.groupAt < 0 || row[this.groupAt] === group;
    this.name = this.groupAt < 0 ? name : `${name} of ${group}`;
    this.points = seriesOf(this.preview.rows.filter(isChosen), dates, at, isYear);
    if (!this.points.length) {
      this.place.replaceChildren();
      this.reading.textContent = "";
      this.caption.textContent = `There are no values of ${this.name}.`;
      return;
    }
    this.range.max = this.points.length - 1;
    this.range.value = this.points.length - 1;
    this.caption.textContent = this.summary();
    this.draw();
  }

  summary() {
    const { points } = this;
    const values = points.map((one) => one.value);
    const several = points.some((one) => one.count > 1);
    const [from, to] = [this.written(points[0]), this.written(points.at(-1))];
    const what = several ? `The median of ${this.name} by date, within the lowest and the highest` : this.name;
    const lowest = shortly(Math.min(...values));
    const highest = shortly(Math.max(...values));
    return `${what}: ${points.length.toLocaleString("en")} dates from ${from} to ${to}, between ${lowest} and ${highest}.`;
  }

  written({ time }) {
    const text = new Date(time).toISOString();
    if (this.columns.isYear) return text.slice(0, 4);
    return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
  }

  draw() {
    const { points, place } = this;
    const width = place.clientWidth;
    if (!width || !points.length) return;
    const steps = levels(Math.min(...points.map((one) => one.low)), Math.max(...points.map((one) => one.high)));
    const labels = steps.map((value) => compact.format(value));
    const left = 12 + 7.2 * Math.max(...labels.map((one) => one.length));
    const [from, to] = [points[0].time, points.at(-1).time];
    const [low, high] = [steps[0], steps.at(-1)];
    this.x = (time) => left + ((width - left - EDGE.right) * (time - from)) / (to - from || 1);
    this.y = (value) => HEIGHT - EDGE.bottom - ((HEIGHT - EDGE.top - EDGE.bottom) * (value - low)) / (high - low || 1);
    const svg = make("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": `Chart. ${this.summary()}` });
    steps.forEach((value, at) => {
      const y = this.y(value);
      svg.append(make("line", { class: "level", x1: left, x2: width - EDGE.right, y1: y, y2: y }));
      svg.append(make("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, labels[at]));
    });
    for (const { time, text } of ticks(from, to, Math.max(2, Math.floor(width / 90)))) {
      svg.append(make("text", { x: this.x(time), y: HEIGHT - 6, "text-anchor": "middle" }, text));
    }
    if (points.some((one) => one.low < one.high)) svg.append(make("path", { class: "band", d: this.band() }));
    svg.append(make("path", { class: "line", d: this.path(points, "value") }));
    this.here = make("line", { class: "here", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
    this.dot = make("circle", { class: "dot", r: 5 });
    svg.append(this.here, this.dot);
    place.replaceChildren(svg);
    this.read(Number(this.range.value));
  }

  path(points, side) {
    return `M${points.map((one) => `${this.x(one.time).toFixed(1)} ${this.y(one[side]).toFixed(1)}`).join("L")}`;
  }

  band() {
    const back = this.path([...this.points].reverse(), "low").slice(1);
    return `${this.path(this.points, "high")}L${back}Z`;
  }

  follow(event) {
    if (!this.x) return;
    const at = event.clientX - this.place.getBoundingClientRect().left;
    let nearest = 0;
    this.points.forEach((one, index) => {
      if (Math.abs(this.x(one.time) - at) < Math.abs(this.x(this.points[nearest].time) - at)) nearest = index;
    });
    this.range.value = nearest;
    this.read(nearest);
  }

  /** Mark a point, and tell it. */
  read(index) {
    const point = this.points[index];
    const [x, y] = [this.x(point.time), this.y(point.value)];
    this.here.setAttribute("x1", x);
    this.here.setAttribute("x2", x);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", y);
    const several = point.count > 1 ? ` (${point.count} rows, ${compact.format(point.low)} to ${compact.format(point.high)})` : "";
    const text = `${this.written(point)}: ${shortly(point.value)}${several}`;
    this.reading.textContent = text;
    this.range.setAttribute("aria-valuetext", text);
  }
}
