// A file of parcels: sent, read, looked at row by row, read again with other options, then kept as a layer.

import { alignment, NO_PICTURE } from "./alignment.js";
import { get, post, sendFile } from "./api.js";
import { showFaults } from "./area_form.js";
import { button, el, failure, head, poll, tell } from "./dom.js";
import { fileField } from "./file_field.js";
import { counted } from "./format.js";
import { optionsFields, optionsSaid } from "./import_options.js";
import { previewOf } from "./import_preview.js";

const ASKED_EVERY_MS = 700;
const BUSY = ["READING", "KEEPING"];

/** Make the page that imports a file, as a layer of its own or as a newer version of one. */
export async function importPage(...given) {
  const [signal, layerId] = [given.at(-1), given.length > 1 ? Number(given[0]) : null];
  const layer = layerId === null ? null : await get(`layers/${layerId}`, signal);
  const said = el("div", { class: "import-said", "aria-live": "polite" });
  const shown = el("div", { class: "import-shown" });
  const chosen = fileField(take);
  const title = layer === null ? "Import a file" : `A newer version of “${layer.name}”`;
  let form = null;
  let under = NO_PICTURE;
  return el(
    "div",
    { class: "area-page" },
    el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/layers" }, "Layers"), " / ", title),
    head(title, "Drop a file of parcels or permits, look at what it shows, and keep it. Nothing is kept before you say so."),
    chosen.node,
    said,
    shown,
  );

  async function take(file) {
    shown.replaceChildren();
    form = null;
    const bar = el("progress", { max: 1, value: 0, "aria-label": `Sending ${file.name}` });
    say(el("p", {}, `Sending “${file.name}”…`), bar);
    try {
      const draft = { fileName: file.name, bytes: file.size, ...(layerId === null ? {} : { layerId }) };
      const made = await post("layers/imports", draft, signal);
      await sendFile(made.upload, file, (share) => { bar.value = share; }, signal);
      await read(made.id, layer === null ? {} : { kind: layer.kind });
    } catch (error) {
      refuse(error, () => take(file));
    }
  }

  async function read(importId, options) {
    say(el("p", {}, "Reading…"), el("progress", { "aria-label": "Reading" }));
    try {
      await post(`layers/imports/${importId}/read`, options, signal);
      const answer = await ended(importId);
      if (answer.state === "FAILED") failed(answer, options);
      else show(answer, options);
    } catch (error) {
      refuse(error, () => read(importId, options));
    }
  }

  async function keep(importId, name) {
    say(el("p", {}, "Keeping it as a layer…"), el("progress", { "aria-label": "Keeping" }));
    try {
      await post(`layers/imports/${importId}/keep`, name === "" ? {} : { name }, signal);
      const answer = await ended(importId);
      if (answer.state === "KEPT") {
        tell(`${counted(answer.preview.parcels, "parcel")} kept.`);
        location.hash = `#/layers/${answer.layerId}`;
      } else failed(answer, {});
    } catch (error) {
      refuse(error, () => keep(importId, name));
    }
  }

  async function ended(importId) {
    let answer = await get(`layers/imports/${importId}`, signal);
    if (BUSY.includes(answer.state)) {
      await poll(async () => {
        answer = await get(`layers/imports/${importId}`, signal);
        return !BUSY.includes(answer.state);
      }, signal, ASKED_EVERY_MS);
    }
    signal.throwIfAborted();
    return answer;
  }

  function show(answer, options) {
    say();
    form = optionsForm(answer, options);
    const look = (other, drawAt) => {
      under = other;
      read(answer.id, { ...options, drawAt });
    };
    const drawing = alignment(answer.preview, { form, options, under, look, signal });
    shown.replaceChildren(previewOf(answer.preview), ...(drawing === null ? [] : [drawing]), form);
    form.querySelector("[data-needed]")?.focus();
  }

  // What could not be read as it was may be with another option: the file is here still.
  function failed(answer, options) {
    say(failure({ message: answer.problem?.reason ?? "The file could not be read." }));
    form = optionsForm(answer, options);
    shown.replaceChildren(form);
    showFaults(form, { faults: [{ pointer: answer.problem?.pointer ?? "", detail: answer.problem?.reason ?? "" }] });
  }

  function optionsForm(answer, options) {
    const name = el("input", { name: "name", maxlength: 200, autocomplete: "off", value: layer?.name ?? answer.fileName.replace(/\.[^.]+$/, "") });
    const isReady = answer.state === "READY" && answer.preview.needs.length === 0 && answer.preview.parcels > 0;
    const submit = (event) => {
      event.preventDefault();
      const drawAt = answer.preview?.drawnAt ?? null;
      read(answer.id, { ...optionsSaid(event.currentTarget), ...(drawAt === null ? {} : { drawAt }) });
    };
    const keeps = isReady && button(`Keep ${counted(answer.preview.parcels, "parcel")}`, () => keep(answer.id, layer === null ? name.value.trim() : ""), { class: "main" });
    // What is kept is what was read: with other options it is to be looked at again first.
    const change = ({ target }) => { if (keeps && target !== name) keeps.disabled = true; };
    return el(
      "form",
      { class: "card import-form", "aria-label": "How it is read", on: { submit, input: change, change } },
      optionsFields(answer.preview, options),
      el("div", { class: "actions" }, el("button", { type: "submit" }, "Read it again like this")),
      isReady && el(
        "div",
        { class: "keep" },
        layer === null && el("label", {}, "Name of the layer", name),
        keeps,
      ),
    );
  }

  function say(...parts) {
    said.replaceChildren(...parts);
    chosen.rest(parts.some((part) => part.tagName === "PROGRESS")); // one file after the other
  }

  function refuse(error, again) {
    if (signal.aborted) return;
    say(failure(error, error.status === 0 || error.status >= 500 ? again : undefined));
    if (form !== null) showFaults(form, error);
  }
}
