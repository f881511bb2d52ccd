// How an area is watched: every setting, what it would take, what it would have told, and a pause.

import { patch, post } from "./api.js";
import { changed as anew, showFaults } from "./area_form.js";
import { dryRun } from "./dry_run.js";
import { button, el, facts, failure, tell } from "./dom.js";
import { count, counted, distance, moment } from "./format.js";
import { changesOf, settingsFields, settingsSaid } from "./settings_fields.js";
import { cadence } from "./words.js";

const PAUSE_MS = 400; // after the last key, before the estimate is asked for
const TRIED_DAYS = 90;
const TRIED = ["sensitivity", "minChangedAreaM2", "alertKinds", "unseenTolerance", "compareSince", "confirmBySecondImage"];
const LAND = ["centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm"];

/** Make the part of an area's page with its settings. */
export function areaSettings(area, signal) {
  const takes = el("div", { "aria-live": "polite" });
  const tried = el("div", { class: "tried", "aria-live": "polite" });
  const wrong = el("div", { class: "wrong" });
  const save = el("button", { type: "submit", class: "main", disabled: true }, "Save");
  const trial = button("Try these settings", tryThem, { disabled: true });
  const form = el(
    "form",
    { class: "card area-form", "aria-label": "Settings", on: { submit, input } },
    el("h2", { class: "wide-title" }, "How it is watched"),
    pause(area, signal),
    settingsFields(area),
    el("section", { class: "side" }, el("h2", {}, "What it takes"), takes, el("h2", {}, "What it would have told"), tried),
    el("div", { class: "end" }, wrong, el("div", { class: "actions" }, save, trial)),
  );
  let timer = 0;
  let asked = 0;
  tried.append(el("p", { class: "small" }, `Change what is told, and try it on what was compared in the last ${TRIED_DAYS} days.`));
  ask();
  return form;

  function input() {
    const changes = changesOf(area, settingsSaid(form));
    save.disabled = Object.keys(changes).length === 0;
    trial.disabled = !Object.keys(changes).some((name) => TRIED.includes(name));
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  async function ask() {
    const mine = ++asked;
    try {
      const answer = await post("area-configs/estimate", wished(area, settingsSaid(form)), signal);
      if (mine === asked) takes.replaceChildren(...costOf(answer));
    } catch (error) {
      if (!signal.aborted && mine === asked) takes.replaceChildren(failure(error));
    }
  }

  async function submit(event) {
    event.preventDefault();
    save.disabled = true;
    wrong.replaceChildren();
    try {
      const changes = changesOf(area, settingsSaid(form));
      const newer = await patch(`area-configs/${area.id}`, changes, area.version);
      tell(`“${newer.name}” is watched like this from its next session on.`);
      anew();
    } catch (error) {
      save.disabled = false;
      if (!signal.aborted) wrong.replaceChildren(refusal(error));
      showFaults(form, error);
    }
  }

  async function tryThem() {
    trial.disabled = true;
    tried.replaceChildren(el("p", { class: "small", role: "status" }, "Trying…"));
    const settings = { ...changesOf(area, settingsSaid(form)), days: TRIED_DAYS };
    const outcome = await dryRun(area.id, settings, signal).catch(() => null); // the page is left
    if (outcome !== null) tried.replaceChildren(outcome, el("p", { class: "small" }, "Nothing is saved by trying."));
    trial.disabled = false;
  }
}

/** Say why a change was refused. Somebody else was quicker: nothing of his is written over. */
export function refusal(error) {
  if (error.status !== 412) return failure(error);
  return el(
    "section",
    { class: "notice warn", role: "alert" },
    el("div", {}, el("strong", {}, "Somebody else changed this area meanwhile. "), "Nothing of yours was saved: load what it is now, and change that."),
    button("Load it", anew),
  );
}

function pause(area, signal) {
  const label = area.isPaused ? "Resume" : "Pause";
  const press = async () => {
    toggle.disabled = true;
    try {
      const newer = await patch(`area-configs/${area.id}`, { isPaused: !area.isPaused }, area.version);
      tell(newer.isPaused ? `“${newer.name}” is paused: it is looked at only when somebody asks.` : `“${newer.name}” is watched again.`);
      anew();
    } catch (error) {
      toggle.disabled = false;
      if (!signal.aborted) part.append(refusal(error));
    }
  };
  const toggle = button(label, press);
  const next = area.nextSessionAt === null ? ["Paused: no session is planned."] : ["Next session ", distance(area.nextSessionAt), ", ", moment(area.nextSessionAt), "."];
  const part = el("div", { class: `pause ${area.isPaused ? "is-paused" : ""}` }, el("p", {}, next), toggle);
  return part;
}

function wished(area, said) {
  const land = area.hasShape
    ? { geometry: area.geometry, bufferM: area.bufferM, exclude: area.exclude }
    : Object.fromEntries(LAND.map((name) => [name, area[name]]));
  const { sensitivity, alertKinds, unseenTolerance, compareSince, minChangedAreaM2, cadenceHours, schedule } = said;
  const all = { ...land, provider: area.provider, sensitivity, alertKinds, unseenTolerance, compareSince, minChangedAreaM2, cadenceHours, schedule };
  const known = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return { ...Object.fromEntries(known), isPlaceConfirmed: true };
}

/** Say what a look takes, and a month of them. */
export function costOf(answer) {
  const perMonth = answer.costPerSessionUsd * answer.sessionsPerMonth;
  const looks = Number(answer.sessionsPerMonth.toPrecision(2));
  return [
    el("p", {}, `${counted(answer.tiles, "tile")} a look, about ${count(looks)} ${looks === 1 ? "look" : "looks"} a month: `, perMonth === 0 ? "no cost." : `about ${perMonth.toFixed(2)} USD a month.`),
    facts([["Looked at", cadence(answer)], ["Alerts from", `${count(answer.minChangedAreaM2)} m²`]]),
  ];
}
