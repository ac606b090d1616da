// What a page gains when scripts run: the funnel moves by itself, a shown field hides again. Nothing needs it.
"use strict";

function group(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function setCounts(root, counts) {
  for (const element of root.querySelectorAll("[data-count]")) {
    const value = counts[element.dataset.count];
    if (typeof value !== "number") continue;
    if (element.tagName === "PROGRESS") {
      element.max = Math.max(1, counts[element.dataset.of] ?? 1);
      element.value = value;
    } else {
      element.textContent = group(value);
    }
  }
  for (const element of root.querySelectorAll("[data-share]")) {
    const part = counts[element.dataset.share];
    const base = counts[element.dataset.of];
    if (typeof part !== "number" || typeof base !== "number") continue;
    const percent = (part * 100) / base;
    element.textContent = base < 5 ? "—" : `${percent < 10 ? percent.toFixed(2) : percent.toFixed(1)}%`;
  }
}

function follow(root) {
  const light = root.querySelector("[data-live]");
  const source = new EventSource(root.dataset.stream);
  source.addEventListener("progress", (event) => {
    setCounts(root, JSON.parse(event.data).counts);
    if (light) light.dataset.live = "on";
  });
  source.addEventListener("error", () => {
    if (light) light.dataset.live = "off";
  });
  addEventListener("pagehide", () => source.close());
}

for (const root of document.querySelectorAll("[data-stream]")) follow(root);

for (const shown of document.querySelectorAll("[data-hide-after]")) {
  setTimeout(() => location.replace(shown.dataset.back), Number(shown.dataset.hideAfter) * 1000);
}

const wrong = document.getElementById("wrong");
if (wrong) wrong.focus();
