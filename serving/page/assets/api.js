// Asks the service, with the key that a person entered, if any.

const KEPT = "days-to-sell-key";

export function keep(key) {
  if (key) sessionStorage.setItem(KEPT, key);
  else sessionStorage.removeItem(KEPT);
}

export function hasKey() {
  return sessionStorage.getItem(KEPT) !== null;
}

/**
 * Score rows; a row that cannot be scored costs the others nothing.
 *
 * @param {object[]} rows the rows
 * @param {AbortSignal} signal ends the request
 * @returns {Promise<{status: number, document: object}>} what the service said; status 0 where it said nothing
 */
export async function score(rows, signal) {
  const headers = { "Content-Type": "application/json" };
  if (hasKey()) headers.Authorization = `Bearer ${sessionStorage.getItem(KEPT)}`;
  try {
    const reply = await fetch("invocations?partial=true&explain=true", {
      method: "POST",
      headers,
      body: JSON.stringify({ dataframe_records: rows }),
      signal,
      credentials: "same-origin",
    });
    return { status: reply.status, document: await reply.json() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { status: 0, document: { detail: "The service did not answer. Try again in a moment." } };
  }
}

/**
 * Sort a reply by row.
 *
 * @returns {{days: ?number, quantiles: ?object, errors: object[], warnings: object[]}[]} one for each row
 */
export function byRow(document, count) {
  const rows = Array.from({ length: count }, () => ({ days: null, quantiles: null, errors: [], warnings: [] }));
  (document.rows ?? []).forEach((row, place) => {
    rows[row].days = document.predictions[place];
    rows[row].quantiles = document.quantiles?.[place] ?? null;
  });
  for (const error of document.errors ?? []) rows[error.row]?.errors.push(error);
  for (const warning of document.warnings ?? []) rows[warning.row]?.warnings.push(warning);
  return rows;
}
