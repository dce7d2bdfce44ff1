// Tables that sort by their headings and filter by their columns. Without this script they are whole tables all the same.
"use strict";
(() => {
  const collator = new Intl.Collator("en-GB", { numeric: true });
  const key = (cell) => cell?.dataset.sort ?? cell?.textContent.trim() ?? "";
  // A blank sorts last whichever way.
  const blank = (cell) => !cell || cell.querySelector(".app-blank") !== null || key(cell) === "";

  function compare(numeric) {
    return (a, b) => (numeric ? Number(key(a)) - Number(key(b)) : collator.compare(key(a), key(b)));
  }

  function sort(table, header, index) {
    const descending = header.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const order = compare(header.classList.contains("govuk-table__header--numeric"));
    const rows = [...body.rows].map((row) => ({ row, cell: row.cells[index] }));
    rows.sort((a, b) => {
      if (blank(a.cell) || blank(b.cell)) return blank(a.cell) - blank(b.cell);
      return descending ? order(b.cell, a.cell) : order(a.cell, b.cell);
    });
    body.append(...rows.map((each) => each.row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  }

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((header, index) => {
      if ("fixed" in header.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "app-sort";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sort(table, header, index));
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

  function makeFilterable(section, table, number) {
    const rows = [...table.tBodies[0].rows];
    const toolbar = document.createElement("div");
    toolbar.className = "app-toolbar";
    const search = document.createElement("input");
    search.type = "search";
    search.className = "govuk-input";
    toolbar.append(field("Search this table", search, `search-${number}`));
    const choices = [];
    [...table.tHead.rows[0].cells].forEach((header, index) => {
      if (!("filter" in header.dataset)) return;
      const values = [...new Set(rows.map((row) => row.cells[index].textContent.trim()))].sort(collator.compare);
      if (values.length < 2) return;
      const select = document.createElement("select");
      select.className = "govuk-select";
      select.append(new Option("All", "*"), ...values.map((value) => new Option(value || "(blank)", value)));
      choices.push({ select, index });
      toolbar.append(field(header.textContent.trim(), select, `filter-${number}-${index}`));
    });
    const count = document.createElement("p");
    count.className = "app-toolbar__count";
    count.setAttribute("role", "status");
    toolbar.append(count);

    function apply() {
      const wanted = search.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        const fits = choices.every(
          ({ select, index }) => select.value === "*" || row.cells[index].textContent.trim() === select.value,
        );
        row.hidden = !(fits && (!wanted || row.textContent.toLowerCase().includes(wanted)));
        shown += !row.hidden;
      }
      count.textContent = `Showing ${shown} of ${rows.length} rows`;
    }
    toolbar.addEventListener("input", apply);
    apply();
    section.querySelector(".app-scroll").before(toolbar);
  }

  document.querySelectorAll("[data-table]").forEach((section, number) => {
    const table = section.querySelector("table");
    if (table.tBodies[0].rows.length < 2) return;
    if (table.tBodies[0].rows.length > 15) makeFilterable(section, table, number);
    makeSortable(table);
  });
})();
