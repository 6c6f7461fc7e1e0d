// The form: what a person entered, and what the service says of it beside the field that it names.

const NUMBERS = new Set(["long", "double"]);
const GROUPED = /^[+-]?\d{1,3}(?:[,\s]\d{3})+(?:\.\d+)?$/;

/** Read the fields that the page was made with. */
export function fieldsOf(form) {
  return [...form.querySelectorAll("[data-field]")].map((control) => {
    const { field, type, unit, label, minimum, maximum } = control.dataset;
    return {
      name: field,
      type,
      unit,
      label,
      minimum: minimum === undefined ? -Infinity : Number(minimum),
      maximum: maximum === undefined ? Infinity : Number(maximum),
      numeric: NUMBERS.has(type),
      control,
      error: document.getElementById(`${control.id}-error`),
      warning: document.getElementById(`${control.id}-warning`),
    };
  });
}

/** Read one row; the service judges it, so what is no number goes there as it is. */
export function rowOf(fields) {
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]));
}

function valueOf({ control, numeric }) {
  if (control.validity.badInput) return "incomplete";
  const text = control.value.trim();
  if (text === "") return null;
  if (numeric) {
    const number = Number(GROUPED.test(text) ? text.replace(/[,\s]/g, "") : text);
    return Number.isFinite(number) ? number : text;
  }
  const offered = [...(control.options ?? control.list?.options ?? [])];
  return offered.some((option) => option.value === control.value) ? control.value : text;
}

/**
 * Put errors and warnings beside their fields, and take away those of before.
 *
 * @returns {{first: ?HTMLElement, notes: string[], elsewhere: string[]}} the first control with an error, the words
 *     of the warnings, and what names no field here
 */
export function mark(fields, errors, warnings) {
  for (const { control, error, warning } of fields) {
    control.removeAttribute("aria-invalid");
    for (const place of [error, warning]) {
      place.textContent = "";
      place.hidden = true;
    }
  }
  const known = new Map(fields.map((field) => [field.name, field]));
  const notes = [];
  const elsewhere = [];
  for (const [kind, entries] of [["error", errors], ["warning", warnings]]) {
    for (const entry of entries) {
      const field = known.get(entry.field);
      if (!field) {
        elsewhere.push(entry.message);
        continue;
      }
      field[kind].textContent = spoken(entry, field);
      field[kind].hidden = false;
      if (kind === "warning") notes.push(field.warning.textContent);
      else field.control.setAttribute("aria-invalid", "true");
    }
  }
  const wrong = fields.find(({ control }) => control.getAttribute("aria-invalid"));
  return { first: wrong?.control ?? null, notes, elsewhere };
}

// The service names fields as requests do, and people read their labels.
function spoken({ message }, { name, label }) {
  return message.startsWith(`${name} `) ? label + message.slice(name.length) : message;
}
