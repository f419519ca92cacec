// What of a table can be drawn: numbers over dates, and how they are put together.
const DAY_MS = 86_400_000;

/** Return the time of a cell in milliseconds, or NaN. */
export function timeOf(value, isYear) {
  if (isYear) {
    const year = Number(value);
    if (value === null || value === "" || !Number.isInteger(year)) return NaN;
    return new Date(0).setUTCFullYear(year, 0, 1);
  }
  return typeof value === "string" ? Date.parse(value) : NaN;
}

/** Find the first column of dates and all columns of numbers; null if one is missing. */
export function columnsOf(preview, years) {
  const isYear = (field) => years.includes(field.name);
  const isDate = (field) => field.type === "date" || field.type === "datetime" || isYear(field);
  const dates = preview.fields.findIndex(isDate);
  const numbers = preview.fields
    .map((field, at) => ({ name: field.name, type: field.type, at }))
    .filter(({ type, at }) => (type === "number" || type === "integer") && !isYear(preview.fields[at]));
  if (dates < 0 || !numbers.length) return null;
  return { dates, numbers, isYear: isYear(preview.fields[dates]) };
}

/**
 * Where dates come several times, find the column of words that tells those rows apart,
 * such as a country: return `{at, name, groups}`, or null.
 */
export function groupsOf(preview, dates) {
  const { fields, rows } = preview;
  const isOnce = (column) => {
    const seen = new Set(rows.map((row) => JSON.stringify([row[dates], column < 0 || row[column]])));
    return seen.size === rows.length;
  };
  if (isOnce(-1)) return null;
  const at = fields.findIndex((field, column) => field.type === "string" && column !== dates && isOnce(column));
  if (at < 0) return null;
  const groups = [...new Set(rows.map((row) => row[at]))].filter((group) => group !== null);
  return { at, name: fields[at].name, groups };
}

const middle = (sorted) => {
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/**
 * Return `{time, value, low, high, count}` for each date, in order. Where several rows
 * have one date, the value is the median, between the lowest and the highest.
 */
export function seriesOf(rows, dates, numbers, isYear) {
  const found = new Map();
  for (const row of rows) {
    const time = timeOf(row[dates], isYear);
    const value = row[numbers];
    if (Number.isNaN(time) || typeof value !== "number") continue;
    if (found.has(time)) found.get(time).push(value);
    else found.set(time, [value]);
  }
  const points = [...found].map(([time, values]) => {
    values.sort((a, b) => a - b);
    const [low, high] = [values[0], values.at(-1)];
    return { time, value: middle(values), low, high, count: values.length };
  });
  return points.sort((a, b) => a.time - b.time);
}

/** Return round values from low to high, about `count` of them. */
export function levels(low, high, count = 5) {
  const rough = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const from = Math.floor(low / step);
  const to = Math.max(from + 1, Math.ceil(high / step));
  return Array.from({ length: to - from + 1 }, (_, at) => (from + at) * step);
}

/** Return the times of ticks, and how each is written: years, months or days. */
export function ticks(from, to, most) {
  const span = to - from;
  const years = span / (365.25 * DAY_MS);
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((one) => years / one <= most) ?? 1000;
  if (years > 2) {
    const first = Math.ceil(new Date(from - DAY_MS).getUTCFullYear() / step) * step;
    const last = new Date(to).getUTCFullYear();
    const found = [];
    for (let year = first; year <= last; year += step) {
      found.push({ time: new Date(0).setUTCFullYear(year, 0, 1), text: String(year) });
    }
    return found.filter(({ time }) => time >= from && time <= to);
  }
  const written = new Intl.DateTimeFormat("en", {
    timeZone: "UTC",
    ...(span > 60 * DAY_MS ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" }),
  });
  const count = Math.min(most, 6);
  return Array.from({ length: count }, (_, at) => {
    const time = from + (span * (at + 0.5)) / count;
    return { time, text: written.format(time) };
  });
}
