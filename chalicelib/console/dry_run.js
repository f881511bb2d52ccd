// A dry run: what settings of an area would have told of what was compared already, before they are saved.

import { post } from "./api.js";
import { el, failure } from "./dom.js";
import { count, counted, m2, moment } from "./format.js";
import { kindText } from "./kinds.js";

/** Try settings, a body as of a PATCH, and give a box with the outcome; with what is wrong, where they are refused. */
export async function dryRun(areaId, settings, signal) {
  try {
    return outcome(await post(`area-configs/${areaId}/dry-run`, settings, signal));
  } catch (error) {
    if (signal?.aborted || error.status === 401) throw error;
    return failure(error);
  }
}

function outcome(tried) {
  return el(
    "section",
    { class: "dry-run", "aria-label": "What these settings would have told" },
    el("p", { role: "status" }, el("strong", {}, `${tried.message}.`)),
    tried.sessions.length > 0 && el("p", { class: "faint" }, ...basis(tried)),
    tried.notReplayed.map(({ member, reason }) => el("p", { class: "notice warn" }, `Not tried: ${member}. ${reason}.`)),
    list("Would go", tried.goes, tried.leftOut),
    list("Would come", tried.comes, tried.leftOut),
    list("May come", tried.mayComeAlerts, tried.leftOut),
    tried.leftOut > 0 && el("p", { class: "faint" }, `${counted(tried.leftOut, "more alert")} not listed here.`),
  );
}

function basis(tried) {
  const first = tried.sessions[0].startTime;
  const all = tried.isWhole ? "." : ", the newest of this time.";
  return [
    `Tried on ${counted(tried.sessions.length, "session")} since `,
    moment(first),
    all,
    ...(tried.exactSince === first ? [] : inexact(tried.exactSince)),
  ];
}

function inexact(since) {
  if (since === null) return [" Not all was kept of them that this needs."];
  return [" Of what is older than ", moment(since), ", not all was kept that this needs."];
}

// Where not all are listed, their number would be no true one.
function list(title, alerts, leftOut) {
  if (alerts.length === 0) return null;
  return el(
    "details",
    {},
    el("summary", {}, leftOut > 0 ? title : `${title}: ${count(alerts.length)}`),
    el("ul", {}, alerts.map((alert) => el("li", {}, name(alert), alert.regions.map(region), later(alert)))),
  );
}

function name(alert) {
  if (alert.alertId === null) return el("span", {}, `Tile ${alert.uniqueKey}`);
  return el("a", { href: `#/sessions/${alert.alertSessionId}/alert/${alert.alertId}` }, `Alert ${alert.alertId}`);
}

function region({ areaM2, kind, score, reason }) {
  return el("span", {}, ` · ${m2(areaM2)}, `, kindText({ kind }), `, score ${score.toFixed(2)}`, reason && `: ${reason}`);
}

const later = (alert) => alert.mayComeLater && el("span", { class: "faint" }, " · the next picture may tell it");
