"use strict";
// Everything here is a comfort: without it the page shows, links and prints the same. Text from the page is only ever set as text.

// ---- copy a table as CSV: what is shown, with the codes of rows that have one, and dates as 2024-03-31
function csv(table) {
  const field = (text) => {
    // A spreadsheet would take these for a formula.
    if (/^[=+@]/.test(text) || /^-(?![\d.])/.test(text)) text = "'" + text;
    return /[",\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const text = (cell) => (cell.dataset.csv ?? (cell.querySelector("button") ?? cell).textContent).trim();
  const hasCodes = table.querySelector("tr[data-code]") !== null;
  const rows = [...table.rows].filter((row) => !row.hidden);
  const line = (row) => {
    const cells = [...row.cells].filter((cell) => getComputedStyle(cell).display !== "none").map(text);
    if (hasCodes) cells.unshift(row.dataset.code ?? "Code");
    return cells.map(field).join(",");
  };
  return rows.map(line).join("\r\n") + "\r\n";
}

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    let after = button.nextElementSibling;
    while (!after.matches(".scroll")) after = after.nextElementSibling;
    const text = csv(after.querySelector("table"));
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      button.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy as CSV"; }, 2000);
  });
}

// ---- sort and filter the table of all
const all = document.getElementById("all");
if (all) {
  const body = all.tBodies[0];
  const heads = [...all.tHead.rows[0].cells];
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const order = new Intl.Collator("en-GB", { numeric: true });
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    const printed = document.createElement("span");
    printed.textContent = head.textContent;
    printed.setAttribute("aria-hidden", "true");
    head.replaceChildren(button, printed);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * order.compare(key(a, column), key(b, column)));
      body.append(...rows);
    });
  });
  const name = document.getElementById("by-name");
  const region = document.getElementById("by-region");
  const grade = document.getElementById("by-grade");
  const gradeColumn = region ? 2 : 1;
  const filter = () => {
    const wanted = name.value.trim().toLocaleLowerCase("en-GB");
    const rows = [...body.rows]; // the explorer puts others in their place
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(row.cells[0].textContent.toLocaleLowerCase("en-GB").includes(wanted)
        && (!region || !region.value || row.cells[1].textContent.trim() === region.value)
        && (!grade.value || key(row, gradeColumn) === grade.value));
      shown += !row.hidden;
    }
    document.getElementById("shown").textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
  };
  for (const control of [name, region, grade]) control?.addEventListener("input", filter);
  name.closest(".controls").hidden = false;
  all.addEventListener("rowschange", () => {
    heads.forEach((head, column) => (column ? head.removeAttribute("aria-sort") : head.setAttribute("aria-sort", "ascending")));
    filter();
  });
}

// ---- say of a table wider than the screen that it scrolls
const hints = new ResizeObserver((changed) => {
  for (const { target } of changed) {
    const scrolls = target.scrollWidth > target.clientWidth + 1;
    let hint = target.previousElementSibling;
    if (!hint?.matches(".hint")) {
      if (!scrolls) continue;
      hint = document.createElement("p");
      hint.className = "hint";
      hint.textContent = "The table scrolls sideways: there is more on the right →";
      target.before(hint);
    }
    hint.hidden = !scrolls;
  }
});
for (const part of document.querySelectorAll(".scroll")) hints.observe(part);

// ---- what is folded is open on paper
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const part of folded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
});

// ---- the map: one tooltip per hexagon, and arrow keys instead of a hundred and fifty stops of the tab key
const map = document.getElementById("hexmap");
if (map) {
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("aria-hidden", "true"); // the link's own label says the same
  tip.hidden = true;
  document.body.append(tip);
  const links = [...map.querySelectorAll("a")];
  let touched = null; // the hexagon that a finger has named; a second touch follows its link
  const at = (link) => [Number(link.dataset.x), Number(link.dataset.y)];
  const show = (link) => {
    tip.textContent = link.getAttribute("aria-label").replace(": ", "\n");
    tip.hidden = false;
    const box = link.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left + box.width / 2 - tip.offsetWidth / 2), document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${box.top + scrollY - tip.offsetHeight - 6}px`;
  };
  const hide = () => { tip.hidden = true; };
  const focus = (link) => {
    links.forEach((other) => other.setAttribute("tabindex", other === link ? "0" : "-1"));
    link.focus();
  };
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  links.forEach((link, place) => {
    link.setAttribute("tabindex", place ? "-1" : "0");
    link.addEventListener("mouseenter", () => show(link));
    link.addEventListener("focus", () => show(link));
    link.addEventListener("pointerup", (event) => {
      if (event.pointerType !== "touch" || touched === link) return;
      touched = link;
      link.addEventListener("click", (click) => { click.preventDefault(); show(link); }, { once: true });
    });
    link.addEventListener("mouseleave", hide);
    link.addEventListener("blur", hide);
    link.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
      const towards = directions[event.key];
      if (!towards) return;
      event.preventDefault();
      const [x, y] = at(link);
      let best = null;
      let least = Infinity;
      for (const other of links) {
        const [dx, dy] = [at(other)[0] - x, at(other)[1] - y];
        const along = dx * towards[0] + dy * towards[1];
        const aside = Math.abs(dx * towards[1] + dy * towards[0]);
        if (along > 1 && along + 2 * aside < least) [best, least] = [other, along + 2 * aside];
      }
      if (best) focus(best);
    });
  });
}

// ---- a page of one provider: its heading takes the focus, so that a screen reader begins there, and the tab says its name
const titled = document.title; // of the page of all, which may begin with the provider asked for
function arrive() {
  document.getElementById("tip")?.setAttribute("hidden", "");
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  const heading = target?.matches(".authority") ? target.querySelector("h2") : null;
  document.title = target?.matches(".page") ? `${heading.textContent}: ${document.body.dataset.title}` : titled;
  if (heading) {
    heading.focus({ preventScroll: true });
    if (target.matches(".page")) scrollTo(0, 0);
  }
}
addEventListener("hashchange", arrive);
arrive();

// The link to the content stays on the page of one provider.
document.getElementById("skip").addEventListener("click", (event) => {
  const heading = document.querySelector(".page:target h2");
  if (!heading) return;
  event.preventDefault();
  heading.focus();
  heading.scrollIntoView();
});
