// Tables that sort by their headings, filter by their columns and show a hundred rows at a time. Without this script they
// are whole tables all the same, and on paper too.
"use strict";
(() => {
  const PART = 100;
  const collator = new Intl.Collator("en-GB", { numeric: true });
  const grouped = new Intl.NumberFormat("en-GB");

  // What a cell says, without the address that may stand below it.
  function text(cell) {
    const address = cell.querySelector(".app-cell");
    const all = cell.textContent;
    return (address ? all.slice(0, -address.textContent.length) : all).trim();
  }

  const number = (shown) => Number(shown.replaceAll("\u2212", "-").replace(/[£,%]/g, ""));
  const isBlank = (cell) => !cell || cell.classList.contains("b") || text(cell) === "";
  const isNumber = (shown) => /^\u2212?£?[\d,]*\.?\d+%?$/.test(shown);

  // Numbers by their size, then words: a column may have both.
  function mixed(a, b) {
    if (isNumber(a) && isNumber(b)) return number(a) - number(b);
    return isNumber(b) - isNumber(a) || collator.compare(a, b);
  }

  function sort(table, rows, header, index) {
    const descending = header.getAttribute("aria-sort") === "ascending";
    const numeric = header.classList.contains("n");
    const value = (cell) => (numeric ? number(text(cell)) : cell.dataset.sort ?? text(cell));
    const order = numeric ? (a, b) => a - b : mixed;
    const keyed = rows.map((row) => {
      const cell = row.cells[index];
      const blank = isBlank(cell);
      return { row, blank, total: row.classList.contains("app-total"), key: blank ? null : value(cell) };
    });
    keyed.sort((a, b) => {
      // Totals stay below, as they are printed, and a blank sorts last, whichever way.
      if (a.total || b.total) return a.total - b.total;
      if (a.blank || b.blank) return a.blank - b.blank;
      return descending ? order(b.key, a.key) : order(a.key, b.key);
    });
    rows.splice(0, rows.length, ...keyed.map((each) => each.row));
    table.tBodies[0].append(...rows);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  }

  function makeSortable(table, rows, show) {
    [...table.tHead.rows[0].cells].forEach((header, index) => {
      if ("fixed" in header.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "app-sort";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        sort(table, rows, header, index);
        show(0);
      });
    });
  }

  function field(label, control, id) {
    const box = document.createElement("div");
    const name = document.createElement("label");
    name.textContent = label;
    name.className = "govuk-label";
    name.htmlFor = control.id = id;
    box.append(name, control);
    return box;
  }

  function button(label, onClick) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "app-button";
    made.textContent = label;
    made.addEventListener("click", onClick);
    return made;
  }

  // Search and choices above the table; what they let through is told to `filtered`.
  function makeToolbar(section, table, rows, place, filtered) {
    const toolbar = document.createElement("div");
    toolbar.className = "app-toolbar";
    const search = document.createElement("input");
    search.type = "search";
    search.className = "govuk-input";
    toolbar.append(field("Search this table", search, `search-${place}`));
    const choices = [];
    [...table.tHead.rows[0].cells].forEach((header, index) => {
      if (!("filter" in header.dataset)) return;
      const values = [...new Set(rows.map((row) => text(row.cells[index])))].sort(collator.compare);
      if (values.length < 2) return;
      const select = document.createElement("select");
      select.className = "govuk-select";
      select.append(new Option("All", "*"), ...values.map((value) => new Option(value || "(blank)", value)));
      choices.push({ select, index });
      toolbar.append(field(header.textContent.trim(), select, `filter-${place}-${index}`));
    });
    const count = document.createElement("p");
    count.className = "app-toolbar__count";
    count.setAttribute("role", "status");
    toolbar.append(count);
    const words = new Map();

    function fits(row) {
      const wanted = search.value.trim().toLowerCase();
      if (!choices.every(({ select, index }) => select.value === "*" || text(row.cells[index]) === select.value)) return false;
      if (!wanted) return true;
      if (!words.has(row)) words.set(row, row.textContent.toLowerCase());
      return words.get(row).includes(wanted);
    }
    toolbar.addEventListener("input", () => filtered(new Set(rows.filter(fits))));
    section.querySelector(".app-scroll").before(toolbar);
    return count;
  }

  function makeTable(section, place) {
    const table = section.querySelector("table");
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) return;
    let fitting = new Set(rows);
    let size = PART;
    let count = null;
    let pager = null;

    function show(start) {
      let seen = 0;
      for (const row of rows) {
        const fits = fitting.has(row);
        row.hidden = !fits;
        row.classList.toggle("app-later", fits && (seen < start || seen >= start + size));
        seen += fits;
      }
      const end = Math.min(start + size, seen);
      if (count) {
        const part = seen > size ? `rows ${grouped.format(start + 1)} to ${grouped.format(end)} of ` : "";
        const some = part && seen < rows.length ? `${grouped.format(seen)} that fit, of ` : part ? "" : `${grouped.format(seen)} of `;
        count.textContent = `Showing ${part}${some}${grouped.format(rows.length)} rows`;
      }
      if (pager) {
        pager.hidden = seen <= size;
        const [before, after] = pager.querySelectorAll("button");
        before.disabled = start === 0;
        after.disabled = end >= seen;
        pager.dataset.start = start;
      }
    }

    if (rows.length > 15) {
      count = makeToolbar(section, table, rows, place, (found) => {
        fitting = found;
        show(0);
      });
    }
    if (rows.length > PART) {
      pager = document.createElement("nav");
      pager.className = "app-pager";
      pager.setAttribute("aria-label", `Parts of the table ${section.querySelector("h2, h3, caption").textContent.trim()}`);
      pager.append(
        button(`Previous ${PART} rows`, () => show(Number(pager.dataset.start) - PART)),
        button(`Next ${PART} rows`, () => show(Number(pager.dataset.start) + PART)),
        button("Show all rows", () => {
          size = rows.length;
          show(0);
        }),
      );
      section.querySelector(".app-scroll").after(pager);
    }
    makeSortable(table, rows, show);
    show(0);
  }

  function below(element, address) {
    if (!address) return;
    const small = document.createElement("small");
    small.className = "app-cell";
    small.textContent = ` ${address}`;
    element.append(small);
  }

  // The addresses of cells, below the figures that come from them.
  function showAddresses(wanted) {
    document.querySelectorAll(".app-cell").forEach((each) => each.remove());
    if (!wanted) return;
    document.querySelectorAll("[data-cell]").forEach((each) => below(each, each.dataset.cell));
    document.querySelectorAll("tr[data-cells]").forEach((row) => {
      const heads = row.closest("table").tHead.rows[0].cells;
      const cells = [...row.cells].filter((_, index) => !("fixed" in heads[index].dataset));
      row.dataset.cells.split("?").forEach((address, index) => below(cells[index], address));
    });
  }

  // Says that a table goes on beside the window, as long as it does.
  function tellWider(scroll) {
    const said = document.createElement("p");
    said.className = "govuk-body-s app-wider";
    said.textContent = "This table is wider than the window: scroll sideways for more columns.";
    scroll.before(said);
    const watch = new ResizeObserver(() => {
      said.hidden = scroll.scrollWidth <= scroll.clientWidth;
    });
    watch.observe(scroll);
    watch.observe(scroll.firstElementChild);
  }

  document.querySelectorAll("[data-table]").forEach(makeTable);
  document.querySelectorAll(".app-scroll").forEach(tellWider);
  const sources = document.getElementById("show-sources");
  if (sources) {
    sources.parentElement.hidden = false;
    sources.addEventListener("change", () => showAddresses(sources.checked));
    showAddresses(sources.checked);
  }
})();
