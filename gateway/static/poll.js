// A run (a rehearsal, a screening) that is being worked at: its progress every two seconds, said aloud every tenth, and
// the page anew when it is done. Without scripts the page reloads itself.
"use strict";

const watched = document.querySelector("[data-poll]");

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function showProgress(progress) {
  const bar = watched.querySelector("[data-progress]");
  bar.max = Math.max(1, progress.households_total);
  bar.value = progress.households_done;
  watched.querySelector("[data-done]").textContent = grouped(progress.households_done);
  watched.querySelector("[data-total]").textContent = grouped(progress.households_total);
  const tenth = Math.floor((10 * progress.households_done) / bar.max);
  const said = watched.querySelector("[data-said]");
  if (said && tenth > 0 && said.dataset.tenth !== String(tenth)) {
    said.dataset.tenth = String(tenth);
    said.textContent = `${tenth * 10}%`;
  }
}

async function look() {
  try {
    const answer = await fetch(watched.dataset.poll, { headers: { accept: "application/json" } });
    if (answer.ok) {
      const run = await answer.json();
      showProgress(run.progress);
      if (run.state !== "queued" && run.state !== "running") {
        location.reload();
        return;
      }
    }
  } catch {
    // the next look may find it again
  }
  setTimeout(look, 2000);
}

if (watched) setTimeout(look, 1000);
