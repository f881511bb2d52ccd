// How things are written: times, areas, positions, counts.

import { button, el, tell } from "./dom.js";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const NUMBER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0, useGrouping: true });
const THIN = "\u202f";
const M2_PER_HECTARE = 10_000;
const KM_PER_DEGREE = 111.194_93; // as the API counts them

/** Give a whole number with thin spaces between the thousands. */
export const count = (number) => NUMBER.format(number).replaceAll(",", THIN);

/** Give "1 tile", "2 tiles". */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Give an area of ground, with hectares from one upwards. */
export function m2(area) {
  const text = `${count(area)}${THIN}m²`;
  return area < M2_PER_HECTARE ? text : `${text} (${(area / M2_PER_HECTARE).toFixed(1)}${THIN}ha)`;
}

/** Give a length of a few significant digits, in metres. */
export const metres = (length) => `${Number(length.toPrecision(2))}${THIN}m`;

/** Give a distance on the ground. */
export const reach = (km) => (km < 1 ? `${count(1000 * km)}${THIN}m` : `${Number(km.toPrecision(3))}${THIN}km`);

/** Give an area's west, south, east, north. */
export function boundsOf(area) {
  const { centerLat: lat, centerLon: lon } = area;
  const perDegree = KM_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  const [south, north] = [lat - area.southKm / KM_PER_DEGREE, lat + area.northKm / KM_PER_DEGREE];
  return [lon - area.westKm / perDegree, south, lon + area.eastKm / perDegree, north];
}

/** Give a share as percent; never 100 % or 0 % where that is not exact. */
export function percent(share) {
  const rounded = Math.round(share * 100);
  if (rounded === 100 && share < 1) return `over 99${THIN}%`;
  if (rounded === 0 && share > 0) return `under 1${THIN}%`;
  return `${rounded}${THIN}%`;
}

/** Make a moment: local time shown, the zone and the stored UTC behind it. */
export function moment(iso, unknown = "unknown") {
  if (!iso) return el("span", { class: "faint" }, unknown);
  const title = `${ZONE} time; stored as ${iso} (UTC)`;
  return el("time", { datetime: iso, title }, MOMENT.format(new Date(iso)));
}

/** Make a moment as a distance from now: "in 3 hours", "2 days ago". */
export function distance(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const steps = [[60, "second", 1], [3600, "minute", 60], [86_400, "hour", 3600], [Infinity, "day", 86_400]];
  const [, unit, size] = steps.find(([limit]) => Math.abs(seconds) < limit);
  const text = unit === "second" ? "now" : RELATIVE.format(Math.round(seconds / size), unit);
  const title = `${MOMENT.format(new Date(iso))}, ${ZONE} time; stored as ${iso} (UTC)`;
  return el("time", { datetime: iso, title }, text);
}

/** Give how long something took. */
export function duration(from, to) {
  const seconds = Math.max(0, Math.round((new Date(to) - new Date(from)) / 1000));
  if (seconds < 60) return `${seconds}${THIN}s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes}${THIN}min` : `${Math.floor(minutes / 60)}${THIN}h ${minutes % 60}${THIN}min`;
}

/** Give a position in words: 20.30000° N, 85.80000° E. */
export function position(lat, lon) {
  const north = `${Math.abs(lat).toFixed(5)}°${THIN}${lat < 0 ? "S" : "N"}`;
  return `${north}, ${Math.abs(lon).toFixed(5)}°${THIN}${lon < 0 ? "W" : "E"}`;
}

/** Make a position that opens in a map application, and can be copied. */
export function place(lat, lon) {
  const plain = `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
  const title = "Open in a map application";
  const link = el("a", { href: `geo:${lat.toFixed(6)},${lon.toFixed(6)}`, title }, position(lat, lon));
  const copy = button("Copy", () => copied(plain), { class: "mini", "aria-label": `Copy the position ${plain}` });
  return el("span", { class: "place" }, link, " ", copy);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied: ${text}`);
  } catch {
    tell(`The browser does not let this page copy. The position is ${text}`);
  }
}

/** Say a size as people do. */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)}\u202fMB`;
