// What states and verdicts are called, with a shape and a colour for each: never a colour alone.

import { el, svg } from "./dom.js";
import { count, counted } from "./format.js";

const SHAPES = {
  triangle: ["M10 2.2 18.6 17.4H1.4z", "M10 7.5v4.8M10 14.6v.2"],
  circle: ["M10 1.8a8.2 8.2 0 1 1 0 16.4 8.2 8.2 0 0 1 0-16.4z", "M6 10.4l2.8 2.8L14.2 7.4"],
  octagon: ["M6.6 1.8h6.8l4.8 4.8v6.8l-4.8 4.8H6.6l-4.8-4.8V6.6z", "M7 7l6 6M13 7l-6 6"],
  square: ["M2.5 2.5h15v15h-15z", "M6.5 10h7"],
  diamond: ["M10 1.5 18.5 10 10 18.5 1.5 10z", "M10 6.2v4.6M10 13.4v.2"],
  ring: ["M10 1.8a8.2 8.2 0 1 1 0 16.4 8.2 8.2 0 0 1 0-16.4z", "M10 5.5V10l3 2.2"],
};

/** What a new password has to be. */
export const PASSWORD_RULE = "At least 8 characters, none of the most common passwords, and not your e-mail address.";

/** Each verdict: its word, what it means, its shape, its tone. */
export const VERDICTS = {
  CHANGED: ["Changed", "change above the area's threshold, inside the area", "triangle", "change"],
  NO_CHANGE: ["No change", "compared, and nothing above the threshold", "circle", "good"],
  BASELINE: ["Baseline", "first usable image: nothing to compare with yet", "square", "plain"],
  NO_NEW_IMAGERY: ["No new imagery", "the provider has nothing newer than last time", "square", "plain"],
  OBSCURED: ["Obscured", "too little of the tile is clear: cloud, haze or no data", "diamond", "warn"],
  FAILED: ["Failed", "could not be captured or compared", "octagon", "bad"],
  CANCELLED: ["Cancelled", "the session was stopped before this tile was done", "octagon", "bad"],
};

const PUSHES = {
  PENDING: ["Waiting to be sent", "ring", "busy"],
  SENT: ["Accepted", "circle", "good"],
  DEAD_TARGET: ["Device is gone", "diamond", "warn"],
  FAILED: ["Failed", "octagon", "bad"],
};

/** Make a shape in the colour of the text around it. */
export function shape(name) {
  const [outline, sign] = SHAPES[name];
  return svg(
    "svg",
    { viewBox: "0 0 20 20", class: "shape", "aria-hidden": "true" },
    svg("path", { d: outline, class: "outline" }),
    svg("path", { d: sign, class: "sign" }),
  );
}

/** Make a badge: shape, word and colour that say the same. */
export function badge(word, shapeName, tone, title = null) {
  return el("span", { class: `badge ${tone}`, title }, shape(shapeName), word);
}

const SEVERITIES = {
  low: ["Low", "square", "plain"],
  medium: ["Medium", "diamond", "warn"],
  high: ["High", "triangle", "bad"],
};

/** Make a severity's badge; null for alerts from before there were severities. */
export function severityBadge(severity) {
  if (severity === null || severity === undefined) return null;
  const [word, shapeName, tone] = SEVERITIES[severity] ?? [severity, "diamond", "warn"];
  return badge(word, shapeName, tone, `Severity: ${word.toLowerCase()}`);
}

const REASONS = {
  "below size": "smaller than the area asks for",
  "below score": "not sure enough for the area’s sensitivity",
  "shadow-like": "a shadow that moved with the sun",
  "same ground": "the ground’s pattern is the same in both pictures",
  "season-like": "plants or crops, as the place changes anyway",
  haze: "a veil over one of the pictures",
  "thin cloud": "a small thin cloud in one of the pictures: the ground under it counts as not seen",
  "drawn text": "letters in one of the pictures, a date or a name: the ground under them counts as not seen",
  "edge of no-data": "cut by ground that cannot be seen",
  "comes back": "an older picture looks like the newer one",
  "does not hold": "the picture before looks like the newer one: its reference was odd",
  "not yet sure": "not quite unlike every older picture; the next one will tell",
  "kind not asked for": "surely of a kind that this area does not alert on",
  "seen once, to be confirmed": "this area wants two pictures: it alerts when a later one shows it still",
};

/** Say why something that was seen is no alert. */
export function why(region) {
  return el("span", {}, el("strong", {}, region.reason), ` · ${REASONS[region.reason] ?? "this console does not know this reason"}`);
}

/** The ways an area can be set to alert. */
export const SENSITIVITIES = [["low", "Low: only what is sure"], ["normal", "Normal"], ["high", "High: also what is doubtful"]];

/** Say how a session stands: its word, its shape, its tone, and a sentence. An error never looks like an all-clear. */
export function standing(session) {
  const counts = session.countsByVerdict;
  const compared = (counts.NO_CHANGE ?? 0) + (counts.CHANGED ?? 0);
  const of = `of ${counted(session.tilesPlanned, "tile")}`;
  const unseen = counts.OBSCURED ? ` ${counted(counts.OBSCURED, "tile")} could not be seen.` : "";
  switch (session.status) {
    case "IN_PROGRESS":
      return ["In progress", "ring", "busy", "Capturing and comparing."];
    case "COMPLETED_CHANGES_DETECTED":
      return ["Changes detected", "triangle", "change", `${count(counts.CHANGED ?? 0)} ${of} changed.${unseen}`];
    case "COMPLETED_ERROR":
      return ["Not fully checked", "octagon", "bad", "This is not an all-clear: some land was not checked."];
    case "COMPLETED_NO_CHANGES":
      if (session.before) return ["No change between them", "square", "plain", `${count(compared)} ${of} compared. It says nothing of today.`];
      if (session.reason) return ["No changes seen", "diamond", "warn", "This is not an all-clear: there may be a newer picture."];
      if (compared > 0) {
        const first = counts.BASELINE ? ` ${counted(counts.BASELINE, "tile")} seen for the first time.` : "";
        return ["No changes", "circle", "good", `${count(compared)} ${of} compared, nothing changed.${unseen}${first}`];
      }
      if (counts.BASELINE) return ["Baseline taken", "square", "plain", "The next session is compared with this one."];
      return ["No new imagery", "square", "plain", "Nothing was compared: there is nothing newer than last time."];
    default:
      return [session.status, "diamond", "warn", "This console does not know this state."];
  }
}

const AREA_STATES = {
  watched: ["Watched", "circle", "good"],
  changed: ["Changed", "triangle", "change"],
  "partly blind": ["Partly not seen", "diamond", "warn"],
  blind: ["Not seen", "diamond", "warn"],
  failing: ["Could not be looked at", "octagon", "bad"],
};

/** What of an area waits for somebody, in the order of the list: its word, its shape, its tone. */
export const ATTENTION = {
  changed: ["Changed", "triangle", "change"],
  failing: ["Not fully checked", "octagon", "bad"],
  blind: ["Not seen", "diamond", "warn"],
  "partly blind": ["Partly not seen", "diamond", "warn"],
  unsettled: ["Changed before", "triangle", "plain"],
  "not looked at": ["Not looked at yet", "ring", "plain"],
  none: ["Nothing waits", "circle", "plain"],
};

/** Make the badge of how an area stands. */
export function areaBadge(state) {
  return badge(...(AREA_STATES[state] ?? [state, "diamond", "warn"]));
}

/** Make a session's badge. */
export function sessionBadge(session) {
  const [word, shapeName, tone, sentence] = standing(session);
  return badge(word, shapeName, tone, sentence);
}

/** Make a push's badge. */
export function pushBadge(status) {
  return badge(...(PUSHES[status] ?? [status, "diamond", "warn"]));
}

/** Make the counts by verdict, in the table's order. */
export function verdictCounts(counts) {
  const known = Object.entries(VERDICTS).filter(([verdict]) => counts[verdict]);
  const others = Object.keys(counts).filter((verdict) => !(verdict in VERDICTS) && counts[verdict]);
  return el(
    "ul",
    { class: "counts", "aria-label": "Tiles by verdict" },
    known.map(([verdict, [word, meaning, shapeName, tone]]) =>
      el("li", { class: tone, title: meaning }, shape(shapeName), `${count(counts[verdict])} ${word.toLowerCase()}`)),
    others.map((verdict) => el("li", { class: "warn" }, shape("diamond"), `${count(counts[verdict])} ${verdict}`)),
  );
}

/** Make the bar of a session that is still running. */
export function progress(session) {
  const label = `${count(session.tilesDone)} of ${counted(session.tilesPlanned, "tile")} done`;
  return el(
    "div",
    { class: "progress" },
    el("progress", { max: session.tilesPlanned, value: session.tilesDone, "aria-label": label }),
    el("span", {}, label),
  );
}

/** Say how often an area is looked at: "every 7 days", "when a picture arrives, and every 24 hours". */
export function cadence({ cadenceHours, looksOnArrival, schedule }) {
  if (schedule) return `${looksOnArrival ? "when a picture arrives, and " : ""}${scheduleText(schedule)}`;
  const days = cadenceHours % 24 === 0 && cadenceHours > 24;
  const often = cadenceHours === 1 ? "every hour" : `every ${days ? counted(cadenceHours / 24, "day") : counted(cadenceHours, "hour")}`;
  return looksOnArrival ? `when a picture arrives, and ${often}` : often;
}

const DAYS = { mon: "Monday", tue: "Tuesday", wed: "Wednesday", thu: "Thursday", fri: "Friday", sat: "Saturday", sun: "Sunday" };

function scheduleText({ weekdays, everyDays, at, timeZone }) {
  const days = weekdays ? `on ${weekdays.map((day) => DAYS[day]).join(", ")}` : everyDays === 1 ? "every day" : `every ${counted(everyDays, "day")}`;
  return `${days} at ${at}, ${timeZone}`;
}
