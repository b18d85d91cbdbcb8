// A stroke is drawn, and when the pen is lifted the picture goes to the model.
"use strict";

const paper = document.getElementById("paper");
const reading = document.getElementById("reading");
const pen = paper.getContext("2d", { willReadFrequently: true });
const bars = Array.from({ length: 10 }, () => {
  const bar = document.createElement("meter");
  const line = document.createElement("li");
  line.append(bar);
  document.getElementById("bars").append(line);
  return bar;
});
let isDown = false;
let asked = 0;

const clear = () => {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, paper.width, paper.height);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 34;
  pen.lineCap = pen.lineJoin = "round";
};

const place = (event) => {
  const box = paper.getBoundingClientRect();
  return [((event.clientX - box.left) * paper.width) / box.width, ((event.clientY - box.top) * paper.height) / box.height];
};

// The digits that the network has learnt fill their picture: so must a drawing, wherever it stands on the paper.
const cut = () => {
  const { data, width, height } = pen.getImageData(0, 0, paper.width, paper.height);
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[4 * (y * width + x)] > 127) {
        [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
      }
    }
  }
  const side = Math.max(right - left, bottom - top, 1) + 1;
  const small = document.createElement("canvas");
  small.width = small.height = 160;
  const scissors = small.getContext("2d");
  scissors.fillRect(0, 0, 160, 160);
  scissors.drawImage(paper, (left + right - side) / 2, (top + bottom - side) / 2, side, side, 0, 0, 160, 160);
  return new Promise((done) => small.toBlob(done, "image/png"));
};

const read = async () => {
  asked += 1;
  const mine = asked;
  const picture = await cut();
  const answer = await fetch("/picture", { method: "POST", body: picture, headers: { "content-type": "image/png" } });
  if (mine !== asked) return;  // The paper has changed meanwhile.
  if (!answer.ok) {
    reading.textContent = `The model did not answer (${answer.status}).`;
    return;
  }
  const { digit, probabilities } = await answer.json();
  reading.textContent = `This is a ${digit} (${Math.round(probabilities[digit] * 100)} %).`;
  probabilities.forEach((value, index) => {
    bars[index].value = value;
    bars[index].textContent = String(value);
  });
};

paper.addEventListener("pointerdown", (event) => {
  isDown = true;
  paper.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...place(event));
});
paper.addEventListener("pointermove", (event) => {
  if (!isDown) return;
  pen.lineTo(...place(event));
  pen.stroke();
});
paper.addEventListener("pointerup", () => {
  isDown = false;
  read();
});
document.getElementById("clear").addEventListener("click", () => {
  clear();
  asked += 1;
  reading.textContent = "Nothing yet.";
  for (const bar of bars) bar.value = 0;
});
clear();
