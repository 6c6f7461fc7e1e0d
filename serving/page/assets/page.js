// The page: what is entered is asked, and what is answered is shown.

import { byRow, hasKey, keep, score } from "./api.js";
import { hideAnswer, showAnswer, showWhatIf } from "./answer.js";
import { fieldsOf, mark, rowOf } from "./form.js";
import { firstChoice, variantsOf } from "./whatif.js";

const at = (id) => document.getElementById(id);
const fields = fieldsOf(at("form"));
const numbers = fields.filter((field) => field.numeric);
let asking = new AbortController();
let shown = null;

function varied() {
  return numbers[at("what-if").selectedIndex];
}

/** Ask about the row and its variants in one request, and show what comes back. */
async function ask({ moveFocus }) {
  asking.abort();
  asking = new AbortController();
  const row = rowOf(fields);
  const field = varied();
  const variants = field ? variantsOf(field, row[field.name]) : [];
  const rows = [row, ...variants.map((variant) => ({ ...row, [field.name]: variant.value }))];
  at("result").setAttribute("aria-busy", "true");
  let reply;
  try {
    reply = await score(rows, asking.signal);
  } catch {
    // A newer question took its place.
    return;
  }
  at("result").removeAttribute("aria-busy");
  if (reply.status === 401) askForKey(moveFocus);
  else show(reply, rows, field, variants, moveFocus);
}

function show({ status, document: said }, rows, field, variants, moveFocus) {
  at("access").hidden = !hasKey();
  const [own, ...others] = byRow(said, rows.length);
  const { first, elsewhere } = mark(fields, own.errors, own.warnings);
  if (status !== 200 || own.days === null) {
    refuse([status === 200 ? "" : said.detail, ...elsewhere], own.errors.length);
    if (moveFocus) first?.focus();
    return;
  }
  tell(elsewhere.join(" "));
  showAnswer(own);
  if (moveFocus) bringIntoView();
  if (!field) return;
  const doubtful = ({ warnings }) => warnings.some((warning) => warning.field === field.name);
  const points = others.map((each, place) => ({ ...each, x: variants[place].value, change: variants[place].change }));
  if (Number.isFinite(rows[0][field.name])) points.push({ ...own, x: rows[0][field.name], current: true });
  const drawn = points
    .filter((point) => point.days !== null)
    .map(({ x, days, change = "", current = false, warnings }) => {
      return { x, days, change, current, unusual: doubtful({ warnings }) };
    })
    .sort((one, other) => one.x - other.x);
  shown = { field, points: drawn };
  showWhatIf(field, drawn);
}

// On a phone the answer is below all fields.
function bringIntoView() {
  const { top, bottom } = at("days").getBoundingClientRect();
  if (top >= 0 && bottom <= window.innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  at("result").scrollIntoView({ behavior: still ? "auto" : "smooth" });
}

function refuse(reasons, wrong) {
  shown = null;
  hideAnswer();
  const toMend = wrong === 1 ? "Please check one value." : `Please check ${wrong} values.`;
  tell(reasons.filter(Boolean).join(" ") || toMend);
}

function askForKey(moveFocus) {
  const refused = hasKey();
  keep("");
  refuse([refused ? "The service does not know this key." : "The service asks for a key."], 0);
  at("access").hidden = false;
  at("key").setAttribute("aria-invalid", String(refused));
  if (moveFocus) at("key").focus();
}

function tell(words) {
  at("message").textContent = words;
  at("message").hidden = !words;
}

function start() {
  at("what-if").replaceChildren(...numbers.map((field) => new Option(field.label)));
  at("what-if").selectedIndex = numbers.indexOf(firstChoice(fields));
  at("variation").hidden = numbers.length === 0;
  at("what-if").addEventListener("change", () => ask({ moveFocus: false }));
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (at("key").value) keep(at("key").value.trim());
    ask({ moveFocus: true });
  });
  // Once there is an answer, it follows what is entered.
  at("form").addEventListener("change", (event) => {
    if (shown && event.target !== at("key")) ask({ moveFocus: false });
  });
  for (const field of fields) {
    if (field.control.list) field.control.addEventListener("focus", () => field.control.select());
  }
  let width = at("chart").clientWidth;
  new ResizeObserver(() => {
    if (!shown || at("chart").clientWidth === width) return;
    width = at("chart").clientWidth;
    showWhatIf(shown.field, shown.points);
  }).observe(at("chart"));
}

start();
