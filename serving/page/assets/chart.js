// A line of days against one number, drawn as SVG: read by pointer, by touch, and with the arrow keys.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 300;
const EDGE = { top: 16, right: 28, bottom: 74, left: 60 };
// Below this many pixels, three of nine points are named on the axis, else five.
const ROOMY = 430;
// Differences below a fifth of the answer are not blown up to the height of the chart.
const LEAST_SPAN = 0.2;

/**
 * Draw the chart into an element, in place of what was there.
 *
 * @param {HTMLElement} place where
 * @param {{x: number, days: number, current: boolean, unusual: boolean, label: string, below: string[]}[]} points
 *     in order of x; what is read aloud of each, and what stands below it
 * @param {{title: string, x: string, pick: function(?object)}} words the chart, its axis, and whom to tell of the
 *     point that is looked at; null where none is any more
 */
export function draw(place, points, words) {
  const width = Math.max(place.clientWidth, 220);
  const x = scale(extent(points.map((point) => point.x), 0), EDGE.left + 8, width - EDGE.right - 8);
  const y = scale(extent(points.map((point) => point.days), LEAST_SPAN), HEIGHT - EDGE.bottom, EDGE.top);
  const svg = element("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "group" });
  svg.setAttribute("aria-label", `${words.title}. Left and right arrow keys read its points.`);
  svg.append(...rows(y, width), ...columns(points, x, width), ...names(width, words.x));
  svg.append(element("path", { class: "line", d: path(points, x, y) }));
  const now = points.find((point) => point.current);
  if (now) svg.append(element("path", { class: "now", d: `M${x(now.x)} ${y(now.days)}V${HEIGHT - EDGE.bottom}` }));
  const marks = points.map((point) => mark(point, x(point.x), y(point.days)));
  svg.append(...marks);
  listen(svg, points, marks, x, words.pick);
  place.replaceChildren(svg);
}

function mark(point, x, y) {
  const classes = ["point", point.current && "current", point.unusual && "unusual"].filter(Boolean).join(" ");
  const group = element("g", { class: classes, role: "img", tabindex: point.current ? 0 : -1 });
  group.setAttribute("aria-label", point.label);
  group.append(element("circle", { cx: x, cy: y, r: point.current ? 7 : 4.5 }));
  return group;
}

function listen(svg, points, marks, x, pick) {
  if (!marks.some((one) => one.getAttribute("tabindex") === "0")) marks[0].setAttribute("tabindex", "0");
  const look = (at) => {
    marks.forEach((one, place) => one.classList.toggle("looked-at", place === at));
    pick(at === null ? null : points[at]);
  };
  const nearest = (event) => {
    const at = event.clientX - svg.getBoundingClientRect().left;
    const far = points.map((point) => Math.abs(x(point.x) - at));
    look(far.indexOf(Math.min(...far)));
  };
  svg.addEventListener("pointermove", nearest);
  svg.addEventListener("pointerdown", nearest);
  svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && look(null));
  marks.forEach((one, place) => {
    one.addEventListener("focus", () => look(place));
    one.addEventListener("blur", () => look(null));
  });
  svg.addEventListener("keydown", (event) => {
    const from = marks.indexOf(document.activeElement);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: marks.length - 1 }[event.key];
    if (from < 0 || !marks[to]) return;
    event.preventDefault();
    marks[from].setAttribute("tabindex", "-1");
    marks[to].setAttribute("tabindex", "0");
    marks[to].focus();
  });
}

function rows(y, width) {
  return ticks(...y.domain, 5).flatMap((days) => [
    element("path", { class: "grid", d: `M${EDGE.left} ${y(days)}H${width - EDGE.right}` }),
    text(days, { x: EDGE.left - 10, y: y(days), class: "tick", "text-anchor": "end", "dominant-baseline": "middle" }),
  ]);
}

function columns(points, x, width) {
  const now = Math.max(points.findIndex((point) => point.current), 0);
  const every = width < ROOMY ? 4 : 2;
  return points
    .filter((_, place) => (place - now) % every === 0)
    .flatMap((point) =>
      point.below.map((words, line) => {
        const y = HEIGHT - EDGE.bottom + 20 + 17 * line;
        return text(words, { x: x(point.x), y, class: "tick", "text-anchor": "middle" });
      }),
    );
}

function names(width, below) {
  const middle = (EDGE.top + HEIGHT - EDGE.bottom) / 2;
  return [
    text("Days", { transform: `translate(12 ${middle}) rotate(-90)`, class: "axis", "text-anchor": "middle" }),
    text(below, { x: (EDGE.left + width - EDGE.right) / 2, y: HEIGHT - 8, class: "axis", "text-anchor": "middle" }),
  ];
}

function path(points, x, y) {
  return points.map((point, place) => `${place ? "L" : "M"}${x(point.x)} ${y(point.days)}`).join("");
}

function extent(numbers, least) {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const more = Math.max(((least * Math.abs(high)) - (high - low)) / 2, 0) || (high === low ? 1 : 0);
  const room = least ? (high - low + 2 * more) * 0.1 : 0;
  return [Math.max(low - more - room, low < 0 ? -Infinity : 0), high + more + room];
}

function scale([low, high], from, to) {
  const place = (value) => Math.round((from + ((value - low) / (high - low)) * (to - from)) * 10) / 10;
  place.domain = [low, high];
  return place;
}

/** Give round numbers within a range. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, place) =>
    Number(((first + place) * step).toPrecision(12)),
  );
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function text(words, attributes) {
  const made = element("text", attributes);
  made.textContent = words;
  return made;
}
