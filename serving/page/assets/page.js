// The page: what is entered is asked, and what is answered is shown.

import { byRow, hasKey, keep, score } from "./api.js";
import { hideAnswer, showAnswer, showWhatIf } from "./answer.js";
import { fieldsOf, mark, rowOf } from "./form.js";
import { firstChoice, pointsOf, variantsOf } from "./whatif.js";

const at = (id) => document.getElementById(id);
const fields = fieldsOf(at("form"));
const numbers = fields.filter((field) => field.numeric);
const mostRows = Number(at("form").dataset.rows);
let asking = new AbortController();
let answered = false;
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
  const variants = field ? variantsOf(field, row[field.name]).slice(0, mostRows - 1) : [];
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
  const { first, notes, elsewhere } = mark(fields, own.errors, own.warnings);
  if (status !== 200 || own.days === null) {
    refuse([status === 200 ? "" : said.detail ?? `The service refused with status ${status}.`, ...elsewhere], own.errors.length);
    if (moveFocus) first?.focus();
    return;
  }
  tell(elsewhere.join(" "));
  showAnswer(own, notes);
  if (moveFocus) bringIntoView();
  answered = true;
  if (!field) return;
  shown = { field, points: pointsOf(field, rows, [own, ...others], variants) };
  showWhatIf(shown.field, shown.points);
}

// On a phone the answer is below all fields.
function bringIntoView() {
  const { top, bottom } = at("days").getBoundingClientRect();
  if (top >= 0 && bottom <= window.innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  at("result").scrollIntoView({ behavior: still ? "auto" : "smooth" });
}

function refuse(reasons, wrong) {
  answered = false;
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

// Once there is an answer, it follows what is entered; but not while the button is pressed, which ends an entry too:
// an answer that came before the release would move the button from under the pointer, and the click would be lost.
function followEntries(form, button) {
  let pressed = false;
  let entered = false;
  const follow = () => answered && ask({ moveFocus: false });
  form.addEventListener("change", ({ target }) => {
    if (target === at("key")) return;
    if (pressed) entered = true;
    else follow();
  });
  button.addEventListener("pointerdown", () => {
    pressed = true;
    entered = false;
  });
  const release = ({ target }) => {
    if (pressed && entered && !button.contains(target)) follow();
    pressed = false;
  };
  addEventListener("pointerup", release);
  addEventListener("pointercancel", release);
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
  followEntries(at("form"), at("form").querySelector("button"));
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
