// What to ask beside the row itself: the same row with one number somewhat lower or higher.

const STEPS = [-4, -3, -2, -1, 1, 2, 3, 4];
const SHARE = 0.05;

/** Choose the field to vary at first: a price, if the model knows any. */
export function firstChoice(fields) {
  const numbers = fields.filter((field) => field.numeric);
  return numbers.find((field) => isCurrency(field.unit)) ?? numbers[0];
}

/**
 * Vary a number from -20 % to +20 %, in whole steps where it is too small for that.
 *
 * @returns {{value: number, change: string}[]} what to ask, the number itself left out
 */
export function variantsOf(field, value) {
  if (!Number.isFinite(value)) return [];
  const whole = field.type === "long";
  const share = Math.abs(value) * SHARE;
  const single = share === 0 || (whole && share < 1);
  return STEPS.map((step) => {
    const moved = value + step * (single ? 1 : share);
    return {
      value: whole ? Math.round(moved) : Number(moved.toPrecision(12)),
      change: single ? signed(step) : `${signed(step * SHARE * 100)} %`,
    };
  }).filter((variant) => variant.value >= field.minimum && variant.value <= field.maximum);
}

/**
 * Put what was answered in the order of the field's values; rows without an answer are left out.
 *
 * @param {object} field the field that differs
 * @param {object[]} rows what was asked: the row itself, then its variants
 * @param {object[]} answers what was answered to each
 * @param {{change: string}[]} variants how each but the first differs
 * @returns {{x: number, days: number, change: string, current: boolean, unusual: boolean}[]} the points of a chart
 */
export function pointsOf(field, rows, answers, variants) {
  return answers
    .map(({ days, warnings }, place) => ({
      x: rows[place][field.name],
      days,
      change: place ? variants[place - 1].change : "",
      current: place === 0,
      unusual: warnings.some((warning) => warning.field === field.name),
    }))
    .filter(({ x, days }) => days !== null && Number.isFinite(x))
    .sort((one, other) => one.x - other.x);
}

/** Write a number of a field with its unit. */
export function written(value, unit) {
  if (isCurrency(unit)) {
    const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : 2;
    return new Intl.NumberFormat("en-GB", {
      style: "currency",
      currency: unit,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);
  }
  const number = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 5 }).format(value);
  return unit ? `${number} ${unit}` : number;
}

function isCurrency(unit) {
  return Intl.supportedValuesOf("currency").includes(unit);
}

function signed(number) {
  const text = String(Math.abs(Math.round(number)));
  return number < 0 ? `−${text}` : `+${text}`;
}
