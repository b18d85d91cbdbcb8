// A text goes to the model, and its letters come back line by line until it ends or somebody presses stop.
"use strict";

const [form, text, length, warmth, go, stop, written, told] =
  ["asking", "text", "length", "warmth", "go", "stop", "written", "told"].map((name) => document.getElementById(name));
let stream = null;

const lines = async function* (body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield parts.filter(Boolean).map((line) => JSON.parse(line));
  }
};

const write = async (prompt) => {
  const answer = await fetch("/generate", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/jsonl" },
    body: JSON.stringify(prompt),
  });
  if (!answer.ok) return `The model did not answer (${answer.status}).`;
  stream = answer.headers.get("stream-id");
  stop.disabled = false;
  const began = performance.now();
  let count = 0;
  for await (const tokens of lines(answer.body)) {
    const letters = tokens.filter((token) => typeof token === "string");
    const failure = tokens.find((token) => token.error);
    written.append(letters.join(""));
    count += letters.length;
    if (failure) return failure.error.detail;
    told.textContent = `${count} letters …`;
  }
  const seconds = (performance.now() - began) / 1000;
  return `${count} letters in ${seconds.toFixed(1)} seconds.`;
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  go.disabled = true;
  const begun = document.createElement("span");
  begun.className = "begun";
  begun.textContent = text.value;
  written.replaceChildren(begun);
  told.textContent = "Asking …";
  try {
    told.textContent = await write({ text: text.value, length: length.valueAsNumber, warmth: warmth.valueAsNumber });
  } catch {
    told.textContent = "The connection was lost.";
  }
  stream = null;
  go.disabled = false;
  stop.disabled = true;
});
stop.addEventListener("click", async () => {
  stop.disabled = true;
  await fetch(`/generate/${stream}`, { method: "DELETE" });
});
for (const [slider, shown] of [[length, "letters"], [warmth, "degrees"]]) {
  slider.addEventListener("input", () => {
    document.getElementById(shown).textContent = slider.value;
  });
}
