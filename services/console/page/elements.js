// What the page is made of: elements, texts and tables. What stands in them is text, never HTML:
// paths, names and headers come from clients.

export const byId = (id) => document.getElementById(id);

// Elements and texts.

/** An element; children that are no elements become texts. */
export function element(name, classes = "", ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const tag = (text, kind = "") => element("span", `tag ${kind}`, text);
export const below = (text) => (text ? element("span", "below", text) : null);
export const count = (number) => Number(number ?? 0).toLocaleString("en");
// All and nothing are said of all and nothing alone.
export const percent = (share) =>
  `${(share * 100).toFixed(
    (share > 0 && share < 0.1) || (share > 0.99 && share < 1) ? 1 : 0,
  )} %`;
export const millis = (ms) => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));

export function duration(seconds) {
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length, Math.floor(Math.log2(number) / 10));
  return `${(number / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** The time of day of a moment as the log writes it. */
export function clock(time) {
  const moment = new Date(time);
  return Number.isNaN(moment.getTime()) ? time : moment.toLocaleTimeString("en-GB");
}

/** The members of an object, each on one line. */
export const members = (value) =>
  Object.entries(value).map(([name, inner]) => `${name}: ${flow(inner)}`);

/** The value on one line, as YAML has it. */
export function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    return `{${members(value).join(", ")}}`;
  }
  return typeof value === "string" && /[,\[\]{}]|^$/.test(value) ? `"${value}"` : String(value);
}

export function setText(id, text, kind) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
  if (kind !== undefined) place.className = kind;
}

// Tables.

const drawn = new Map();

/**
 * Shows a table. A column is a title, what it makes of a row (a text or an element), and classes:
 * `number` is aligned right, `wide` is left out on a phone. Rows that are as they were stay.
 */
export function table(id, label, columns, rows, empty) {
  const key = JSON.stringify(rows);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  const place = byId(id);
  if (rows.length === 0) return place.replaceChildren(element("p", "note", empty));
  const head = element("tr", "", ...columns.map(([title, , classes = ""]) => {
    const cell = element("th", classes, title);
    cell.scope = "col";
    return cell;
  }));
  const body = rows.map((row) => {
    const cells = columns.map(([, make, classes = ""]) => element("td", classes, make(row)));
    const made = element("tr", "", ...cells);
    if (row.fact) made.dataset.fact = row.fact;
    return made;
  });
  const titled = columns.some(([title]) => title) ? element("thead", "", head) : null;
  const shown = element("table", "", titled, element("tbody", "", ...body));
  // The region stays, and with it where it was scrolled to and who had the focus.
  const region = place.querySelector(":scope > .scroll");
  if (region) return region.replaceChildren(shown);
  const made = element("div", "scroll", shown);
  made.tabIndex = 0;
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", label);
  place.replaceChildren(made);
}

export const statusTag = (status) =>
  tag(String(status), status >= 500 || status === 0 ? "bad" : status >= 400 ? "warn" : "ok");
export const shadowed = (row) => (row.mode === "shadow" ? " shadow" : null);
