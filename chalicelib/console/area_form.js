// The form for a new area, with what watching it would take beside it.

import { post } from "./api.js";
import { el, facts, failure } from "./dom.js";
import { count, m2, metres } from "./format.js";
import { SENSITIVITIES } from "./words.js";

const PAUSE_MS = 400; // after the last key, before the estimate is asked for
const NUMBERS = ["centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm", "cadenceHours", "minChangedAreaM2"];

/** Make the form; `added` is called with the area that came of it. */
export function areaForm(providers, added, signal) {
  const estimate = el("div", { class: "estimate", "aria-live": "polite" });
  const wrong = el("div", { class: "wrong" });
  const send = el("button", { type: "submit", class: "main" }, "Watch this area");
  const form = el("form", { class: "card area-form", on: { submit, input, paste }, novalidate: false }, fields(providers));
  let timer = 0;
  let asked = 0;
  showEstimate(null);
  form.append(
    el("section", { class: "side" }, el("h2", {}, "What it takes"), estimate),
    el("div", { class: "end" }, wrong, el("div", { class: "actions" }, send, el("a", { class: "button", href: "#/areas" }, "Cancel"))),
  );
  return form;

  function input(event) {
    if (["centerLat", "centerLon"].includes(event?.target.name)) doubt(false);
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  // "20.3, 85.8" pasted into the latitude fills both.
  function paste(event) {
    const both = /^\s*(?:geo:)?(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)/.exec(event.clipboardData.getData("text"));
    if (event.target.name !== "centerLat" || both === null) return;
    event.preventDefault();
    form.elements.centerLat.value = both[1];
    form.elements.centerLon.value = both[2];
    input();
  }

  // Where the place looks like one whose numbers were exchanged, a box says that it is meant.
  function doubt(isDoubted) {
    form.elements.isPlaceConfirmed.checked = false;
    form.elements.isPlaceConfirmed.closest("label").hidden = !isDoubted;
  }

  function wonder(error) {
    if (error.faults?.some((fault) => fault.detail.includes("isPlaceConfirmed"))) doubt(true);
  }

  async function ask() {
    const body = wished(form);
    const number = ++asked;
    if (["centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm"].some((name) => body[name] === undefined)) {
      showEstimate(null);
      return;
    }
    try {
      const answer = await post("area-configs/estimate", body, signal);
      if (number === asked) showEstimate(answer, providers);
    } catch (error) {
      if (signal.aborted || number !== asked) return;
      estimate.replaceChildren(failure(error));
      wonder(error);
    }
  }

  function showEstimate(answer) {
    if (answer === null) {
      estimate.replaceChildren(el("p", { class: "faint" }, "Fill in the position and the reach to see tiles, detail and cost."));
      return;
    }
    const perMonth = answer.costPerSweepUsd * answer.sweepsPerMonth;
    estimate.replaceChildren(
      facts([
        ["Tiles", count(answer.tiles)],
        ["Detail", `${metres(answer.gsdM)} a pixel`],
        ["Alerts from", m2(answer.minChangedAreaM2)],
        ["Sweeps a month", `about ${Number(answer.sweepsPerMonth.toPrecision(2))}`],
        ["Cost a month", perMonth === 0 ? "none" : `about ${perMonth.toFixed(2)} USD`],
      ]),
      el("p", { class: "attribution" }, `Imagery: ${answer.attribution}`),
    );
  }

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    wrong.replaceChildren();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    try {
      const { name, isToldToOperator } = form.elements;
      added(await post("area-configs", { ...wished(form), name: name.value, isToldToOperator: isToldToOperator.checked }));
    } catch (error) {
      wrong.replaceChildren(failure(error));
      wonder(error);
      const named = error.faults?.map((fault) => form.elements.namedItem(fault.pointer.replace(/^\//, ""))) ?? [];
      for (const field of named.filter(Boolean)) field.setAttribute("aria-invalid", "true");
      named.find(Boolean)?.focus();
    } finally {
      send.disabled = false;
    }
  }
}

function wished(form) {
  const body = {};
  for (const name of NUMBERS) {
    const text = form.elements.namedItem(name).value.trim();
    if (text !== "") body[name] = Number(text);
  }
  if (form.elements.provider.value !== "") body.provider = form.elements.provider.value;
  body.sensitivity = form.elements.sensitivity.value;
  if (form.elements.isPlaceConfirmed.checked) body.isPlaceConfirmed = true;
  return body;
}

function fields(providers) {
  const usual = providers.length === 0 ? [el("option", { value: "" }, "the default here")] : [];
  const options = usual.concat(providers.map((provider) =>
    el("option", { value: provider.name, selected: provider.isDefault }, named(provider))));
  return [
    group(
      "Where",
      field("Name", "name", { required: true, maxlength: 200, autocomplete: "off" }, "wide"),
      number("Latitude", "centerLat", { min: -85, max: 85, required: true, placeholder: "20.29610" }, "degrees; south is negative", "half"),
      number("Longitude", "centerLon", { min: -180, max: 180, required: true, placeholder: "85.82450" }, "degrees; west is negative", "half"),
      el("label", { class: "wide check", hidden: true }, el("input", { type: "checkbox", name: "isPlaceConfirmed" }), "The place is meant as it is"),
    ),
    group(
      "How far it reaches from there, in kilometres",
      number("North", "northKm", { min: 0, required: true, value: 0.5 }),
      number("South", "southKm", { min: 0, required: true, value: 0.5 }),
      number("East", "eastKm", { min: 0, required: true, value: 0.5 }),
      number("West", "westKm", { min: 0, required: true, value: 0.5 }),
    ),
    group(
      "How it is watched",
      el("label", { class: "wide" }, "Imagery", el("select", { name: "provider" }, options)),
      number("Hours between sweeps", "cadenceHours", { min: 1, step: 1 }, "empty: as usual here", "half"),
      number("Alert from, m²", "minChangedAreaM2", { min: 1 }, "empty: by the imagery’s detail", "half"),
      el("label", { class: "wide" }, "Sensitivity", sensitivities("normal", { name: "sensitivity" })),
      el("label", { class: "wide check" }, el("input", { type: "checkbox", name: "isToldToOperator" }), "Also tell who runs this service what changes here"),
    ),
  ];
}

/** Make the choice of how readily an area alerts. */
export function sensitivities(chosen, properties) {
  const options = SENSITIVITIES.map(([value, word]) => el("option", { value, selected: value === chosen }, word));
  return el("select", properties, options);
}

const named = (provider) => `${provider.name} (${provider.licence})`;

const group = (legend, ...children) => el("fieldset", {}, el("legend", {}, legend), el("div", { class: "fields" }, children));

function field(label, name, properties, place = null, hint = null) {
  return el("label", { class: place }, label, el("input", { name, ...properties }), hint && el("span", { class: "small" }, hint));
}

function number(label, name, properties, hint = null, place = null) {
  return field(label, name, { type: "number", step: "any", inputmode: "decimal", ...properties }, place, hint);
}
