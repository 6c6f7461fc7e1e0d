// The answer: the days, how the like of it spread, and the chart with its table.

import { draw } from "./chart.js";
import { written } from "./whatif.js";

const at = (id) => document.getElementById(id);
const DAYS = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** Write days for people; the exact number stays in the page. */
function told(days) {
  return DAYS.format(days);
}

export function hideAnswer() {
  at("answer").hidden = true;
  at("empty").hidden = false;
  at("spoken").textContent = "";
}

/** Show the answer to the row itself, and read it out with the words of its warnings. */
export function showAnswer({ days, quantiles }, notes) {
  at("empty").hidden = true;
  at("answer").hidden = false;
  at("days").value = String(days);
  at("days").textContent = told(days);
  const range = showRange(sorted(quantiles), days);
  at("limit").hidden = days < Number(at("limit").dataset.horizon);
  const doubts = notes.map((note) => ` Note: ${note}${note.endsWith("?") ? "" : "."}`).join("");
  at("spoken").textContent = `Expected: ${told(days)} days. ${range}${doubts}`;
}

function sorted(quantiles) {
  return Object.entries(quantiles ?? {})
    .map(([share, days]) => ({ share: Number(share), days }))
    .sort((one, other) => one.share - other.share);
}

/** Show where the like of a row lies, by the widest pair of quantiles that the model has. */
function showRange(found, expected) {
  const words = rangeOf(found);
  at("range").hidden = !words;
  at("range-words").textContent = words;
  at("band").hidden = found.length < 2;
  if (found.length > 1) {
    const [low, high] = [found[0].days, found[found.length - 1].days];
    const whole = Math.max(high, expected) * 1.05;
    for (const [name, days] of Object.entries({ low, high, expected })) {
      at("band").style.setProperty(`--${name}`, String(days / whole));
    }
  }
  return words;
}

function rangeOf(found) {
  if (found.length === 0) return "";
  const [low, high] = [found[0], found[found.length - 1]];
  const percent = (share) => `${WHOLE.format(share * 100)} %`;
  const [from, to] = [WHOLE.format(low.days), WHOLE.format(high.days)];
  if (low === high) return `Of those like it, ${percent(low.share)} are sold within ${from} days.`;
  const middle = found.slice(1, -1).find((each) => each.share === 0.5);
  const half = middle ? `; half are sold within ${WHOLE.format(middle.days)}` : "";
  return `Of those like it, ${percent(high.share - low.share)} take ${from} to ${to} days${half}.`;
}

/**
 * Show what would change the answer.
 *
 * @param {object} field the field that differs
 * @param {{x: number, days: number, change: string, current: boolean, unusual: boolean}[]} points in order of x
 */
export function showWhatIf(field, points) {
  const now = points.find((point) => point.current);
  const enough = points.length > 1;
  for (const id of ["chart", "reading", "as-table"]) at(id).hidden = !enough;
  at("no-chart").hidden = enough;
  const name = field.label.toLowerCase();
  if (!enough) {
    at("no-chart").textContent = now
      ? `No other ${name} can be asked.`
      : `Enter a number for ${name} to see what another one would change.`;
    return;
  }
  const labelled = points.map((point) => ({
    ...point,
    label: reading(point, field, now),
    below: [written(point.x, field.unit), point.current ? "as entered" : point.change],
  }));
  const axis = field.unit ? `${field.label} (${field.unit})` : field.label;
  const read = (point) => {
    at("reading").textContent = (point ?? labelled.find((each) => each.current)).label;
  };
  const title = `Days against ${name}`;
  draw(at("chart"), labelled, { title, x: axis, pick: read });
  read(null);
  fillTable(field, points, axis, title);
}

function reading({ x, days, change, current, unusual }, { unit }, now) {
  const doubt = unusual ? "; the model was not trained on such a value" : "";
  if (current) return `${written(x, unit)}, as entered: ${told(days)} days${doubt}`;
  const more = days - now.days;
  const than = Math.abs(more) < 0.05 ? "no different" : `${told(Math.abs(more))} ${more < 0 ? "fewer" : "more"}`;
  return `${written(x, unit)} (${change}): ${told(days)} days, ${than}${doubt}`;
}

function fillTable(field, points, axis, title) {
  at("table-caption").textContent = title;
  at("table-field").textContent = axis;
  at("table-rows").replaceChildren(
    ...points.map(({ x, days, change, current }) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = written(x, field.unit);
      const cells = [current ? "as entered" : change, told(days)].map((words) => {
        const cell = document.createElement("td");
        cell.textContent = words;
        return cell;
      });
      row.append(head, ...cells);
      return row;
    }),
  );
}
