/** The small chart of a tile: smoothed probability over the last minutes. */

/** Seconds of media time. */
export const SPAN_S = 180;
const COLOURS = ["chart-prob", "chart-threshold", "chart-incident", "chart-incident-fill"];

export { COLOURS as SPARK_COLOURS };

/** @param colours by the names in SPARK_COLOURS */
export function drawSpark(canvas, series, { threshold, incident, colours }) {
  const scale = devicePixelRatio;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const y = (value) => (height - 2 * scale) * (1 - value) + scale;
  context.clearRect(0, 0, width, height);
  const limit = Math.round(y(threshold)) + 0.5;
  context.strokeStyle = colours["chart-threshold"];
  context.lineWidth = scale;
  context.setLineDash([3 * scale, 3 * scale]);
  stroke(context, [[0, limit], [width, limit]]);
  context.setLineDash([]);
  const points = pointsOf(series, width, y);
  if (points.length < 2) return;
  context.strokeStyle = incident ? colours["chart-incident"] : colours["chart-prob"];
  context.lineWidth = 1.5 * scale;
  stroke(context, points);
  if (!incident) return;
  context.lineTo(points.at(-1)[0], height);
  context.lineTo(points[0][0], height);
  context.fillStyle = colours["chart-incident-fill"];
  context.fill();
}

/** How much prob rose over the last `over_s` seconds of a series. */
export function riseOf(series, overS = 10) {
  const last = series.x.length - 1;
  if (last < 1) return 0;
  let from = last;
  while (from > 0 && series.x[from - 1] >= series.x[last] - overS) from -= 1;
  return series.prob[last] - series.prob[from];
}

function pointsOf(series, width, y) {
  const end = series.last;
  const points = [];
  for (let index = series.x.length - 1; index >= 0 && series.x[index] >= end - SPAN_S; index -= 1) {
    points.push([width * (1 - (end - series.x[index]) / SPAN_S), y(series.prob[index])]);
  }
  return points.reverse();
}

function stroke(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}
