// A stroke is drawn, and when the pen is lifted the picture goes to the model. A picture may come from a file as well.
"use strict";

const paper = document.getElementById("paper");
const reading = document.getElementById("reading");
const tried = document.getElementById("tried");
const pen = paper.getContext("2d");
const PEN = 22;
const SIDE = 256;
// The thickness of the strokes that the network has learnt, as a part of the digit's height.
const THICKNESS = 0.13;

const bars = Array.from({ length: 10 }, (_, digit) => {
  const line = document.createElement("li");
  const name = document.createElement("span");
  const bar = document.createElement("span");
  const share = document.createElement("span");
  name.textContent = String(digit);
  name.className = "digit";
  share.className = "share";
  bar.className = "bar";
  bar.setAttribute("role", "meter");
  bar.setAttribute("aria-label", `Probability of ${digit}`);
  bar.setAttribute("aria-valuemax", "1");
  bar.append(document.createElement("span"));
  line.append(name, bar, share);
  document.getElementById("bars").append(line);
  return { line, bar, share };
});
let strokes = [];
let isDown = false;
let asked = 0;

const ink = (context, lines, width) => {
  context.strokeStyle = context.fillStyle = "#fff";
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  for (const points of lines) {
    context.beginPath();
    context.moveTo(...points[0]);
    // A dot is a line of no length: round ends make it a point.
    for (const point of points.length > 1 ? points.slice(1) : points) context.lineTo(...point);
    context.stroke();
  }
};

const show = () => {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, paper.width, paper.height);
  ink(pen, strokes, PEN);
};

const place = (event) => {
  const box = paper.getBoundingClientRect();
  return [((event.clientX - box.left) * paper.width) / box.width, ((event.clientY - box.top) * paper.height) / box.height];
};

// A small digit has thick strokes for its size, and its holes would be lost. So the lines are drawn anew, as high as the picture.
const picture = () => {
  const points = strokes.flat();
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const width = THICKNESS * SIDE;
  const scale = (SIDE - width) / Math.max(right - left, bottom - top, 1);
  const moved = ([x, y]) => [SIDE / 2 + (x - (left + right) / 2) * scale, SIDE / 2 + (y - (top + bottom) / 2) * scale];
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const context = small.getContext("2d");
  context.fillRect(0, 0, SIDE, SIDE);
  ink(context, strokes.map((line) => line.map(moved)), width);
  return new Promise((done) => small.toBlob(done, "image/png"));
};

// A photograph of dark ink on light paper is turned round: the network knows light ink on dark paper.
const photograph = async (file) => {
  const image = await createImageBitmap(file);
  const scale = SIDE / Math.max(image.width, image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  const [left, top] = [(SIDE - width) / 2, (SIDE - height) / 2];
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const context = small.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, left, top, width, height);
  const [red, green, blue] = context.getImageData(left + 1, top + 1, 1, 1).data;
  if (red + green + blue > 3 * 127) {
    context.globalCompositeOperation = "difference";
    context.fillStyle = "#fff";
    context.fillRect(left, top, width, height);
  }
  strokes = [];
  show();
  pen.drawImage(small, 0, 0, paper.width, paper.height);
  return new Promise((done) => small.toBlob(done, "image/png"));
};

const tell = (digit, probabilities) => {
  probabilities.forEach((value, index) => {
    const { line, bar, share } = bars[index];
    bar.setAttribute("aria-valuenow", String(value));
    bar.firstChild.style.width = `${value * 100}%`;
    share.textContent = digit === null ? "" : `${Math.round(value * 100)} %`;
    line.classList.toggle("best", index === digit);
  });
};

const read = async (drawn) => {
  asked += 1;
  const mine = asked;
  let body;
  try {
    body = await drawn;
  } catch {
    reading.textContent = "This file is no picture that can be shown here.";
    return;
  }
  let answer;
  try {
    answer = await fetch("/picture", { method: "POST", body, headers: { "content-type": "image/png" } });
  } catch {
    reading.textContent = "The server cannot be reached.";
    return;
  }
  if (mine !== asked) return;  // The paper has changed meanwhile.
  if (!answer.ok) {
    reading.textContent = `The model did not answer (${answer.status}).`;
    return;
  }
  const { digit, probabilities } = await answer.json();
  reading.textContent = `This is a ${digit} (${Math.round(probabilities[digit] * 100)} %).`;
  tried.hidden = true;
  tell(digit, probabilities);
};

const clear = () => {
  strokes = [];
  asked += 1;
  show();
  reading.textContent = "Nothing yet.";
  tried.hidden = false;
  tell(null, Array(10).fill(0));
};

paper.addEventListener("pointerdown", (event) => {
  isDown = true;
  paper.setPointerCapture(event.pointerId);
  strokes.push([place(event)]);
  show();
});
paper.addEventListener("pointermove", (event) => {
  if (!isDown) return;
  strokes.at(-1).push(place(event));
  show();
});
for (const end of ["pointerup", "pointercancel"]) {
  paper.addEventListener(end, () => {
    if (!isDown) return;
    isDown = false;
    read(picture());
  });
}
document.getElementById("clear").addEventListener("click", clear);
document.getElementById("undo").addEventListener("click", () => {
  strokes.pop();
  if (!strokes.length) return clear();
  show();
  return read(picture());
});
document.getElementById("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) read(photograph(file));
  // The same file may be chosen again.
  event.target.value = "";
});
clear();
