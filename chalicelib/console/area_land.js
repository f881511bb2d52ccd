// The land of an area, and the form that gives it other land.

import { patch, post } from "./api.js";
import { BOX, boxFields, changed, closeBox, landCost, showFaults } from "./area_form.js";
import { confirmed, el, facts, failure, tell } from "./dom.js";
import { count, m2, metres, place, reach } from "./format.js";
import { drawing, shapeFields, shapeSaid } from "./shape.js";
import { refusal } from "./area_settings.js";
import { cadence } from "./words.js";

const PAUSE_MS = 400; // after the last key, before the estimate is asked for

/** Make the part of an area's page with its land. */
export function areaLand(area, signal) {
  return el(
    "section",
    { class: "card area-part", "aria-label": "The land" },
    el("h2", {}, "The land"),
    area.watched && drawing(area.watched),
    facts([
      ["Middle", place(area.centerLat, area.centerLon)],
      ["Width × height", `${reach(area.westKm + area.eastKm)} × ${reach(area.northKm + area.southKm)}`],
      ["Land", m2(area.areaM2)],
      ["Tiles", `${count(area.tiles)}, at ${metres(area.gsdM)} a pixel`],
      ["Looked at", cadence(area)],
      ["Provider", area.provider],
    ]),
    area.attribution && el("p", { class: "attribution" }, `Imagery: ${area.attribution}`),
    otherLand(area, signal),
  );
}

function otherLand(area, signal) {
  const takes = el("div", { "aria-live": "polite" }, el("p", { class: "small" }, "Change the place, the reach or the shape, to see tiles, detail and cost."));
  const wrong = el("div", { class: "wrong" });
  const save = el("button", { type: "submit", class: "main", disabled: true }, "Save the land");
  const form = el(
    "form",
    { class: "land-form", "aria-label": "Other land", on: { submit, input } },
    boxFields(area),
    shapeFields(() => input()),
    el("section", { class: "side" }, el("h2", {}, "What it takes"), takes),
    el("div", { class: "end" }, wrong, el("div", { class: "actions" }, save)),
  );
  if (area.hasShape) fill(form, area);
  closeBox(form);
  let timer = 0;
  let asked = 0;
  return el("details", { class: "other-land" }, el("summary", {}, "Change the land"), form);

  function input() {
    save.disabled = false;
    closeBox(form);
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  async function ask() {
    const mine = ++asked;
    try {
      const { provider, minChangedAreaM2 } = area;
      const body = { ...landSaid(form), provider, minChangedAreaM2, isPlaceConfirmed: true }; // asked when it is saved
      const answer = await post("area-configs/estimate", body, signal);
      if (mine === asked) takes.replaceChildren(...landCost(answer));
    } catch (error) {
      if (!signal.aborted && mine === asked) takes.replaceChildren(failure(error));
    }
  }

  async function submit(event) {
    event.preventDefault();
    const consequence = "A session that runs ends, and the next one begins at once. Alerts and pictures of before stay; how it stands is not known until its new land was looked at.";
    if (!(await confirmed(`Give “${area.name}” this land?`, consequence, "Change the land"))) return;
    save.disabled = true;
    wrong.replaceChildren();
    await send({});
  }

  async function send(meant) {
    try {
      const newer = await patch(`area-configs/${area.id}`, { ...landSaid(form), ...meant }, area.version);
      tell(`“${newer.name}” has other land from now on.`);
      changed();
    } catch (error) {
      const asks = error.faults?.find((fault) => fault.detail.includes("isPlaceConfirmed"));
      if (asks && (await confirmed("Is the place meant as it is?", asks.detail, "It is meant"))) return send({ isPlaceConfirmed: true });
      save.disabled = false;
      if (!signal.aborted) wrong.replaceChildren(refusal(error));
      showFaults(form, error);
    }
    return undefined;
  }
}

function fill(form, area) {
  form.elements.geometry.value = JSON.stringify(area.geometry);
  form.elements.bufferM.value = area.bufferM ?? "";
  form.elements.exclude.value = area.exclude === null ? "" : JSON.stringify(area.exclude);
}

function landSaid(form) {
  const box = () => Object.fromEntries(BOX.map((name) => [name, Number(form.elements.namedItem(name).value)]));
  const said = shapeSaid(form);
  return said.geometry === undefined ? { ...box(), ...said } : said;
}
