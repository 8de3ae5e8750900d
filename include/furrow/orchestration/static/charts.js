// Draws the figures of a page with BokehJS, in the colours of its light or dark look.
"use strict";
(() => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const lineColours = [colour("first"), colour("second")];
  const labels = { text_color: colour("quiet"), text_font_size: "10px", y_units: "screen" };
  const namedInALabel = 3;

  const plot = (options) => {
    const made = Bokeh.Plotting.figure({
      height: 190, sizing_mode: "stretch_width", toolbar_location: null, tools: [], outline_line_color: null,
      background_fill_color: colour("card"), border_fill_color: colour("card"), ...options,
    });
    [made.xaxis, made.yaxis].flat().forEach((axis) => {
      axis.axis_line_color = axis.major_tick_line_color = colour("line");
      axis.minor_tick_line_color = null;
      axis.major_label_text_color = colour("text");
    });
    [made.xgrid, made.ygrid].flat().forEach((grid) => { grid.grid_line_color = colour("line"); });
    return made;
  };

  const finish = (made, form) => {
    [made.yaxis].flat().forEach((axis) => { axis.formatter = new Bokeh.NumeralTickFormatter({ format: form }); });
    const legend = [made.legend].flat()[0];
    if (legend && legend.items.length) {
      legend.background_fill_color = colour("card");
      legend.label_text_color = colour("text");
      legend.border_line_color = colour("line");
      legend.orientation = "horizontal";
      legend.location = "top_left";
    }
    return made;
  };

  // A line for each moment, and what happened on a day as one label, on the side that has room.
  const mark = (made, marks, middle) => {
    const byDay = new Map();
    marks.forEach(({ at, what }) => {
      const day = new Date(at).toISOString().slice(0, 10);
      byDay.set(day, [...(byDay.get(day) || []), { at, what }]);
      made.add_layout(new Bokeh.Span({ location: at, dimension: "height", line_color: colour("quiet"), line_dash: "dashed" }));
    });
    [...byDay.values()].forEach((found, number) => {
      const x = found[found.length - 1].at, late = x > middle;
      const text = found.slice(-namedInALabel).map(({ what }) => what).join(", ");
      const side = { text_align: late ? "right" : "left", x_offset: late ? -4 : 4 };
      made.add_layout(new Bokeh.Label({ x, y: 110 - 13 * (number % 3), text, ...labels, ...side }));
    });
  };

  const trend = ({ days, lines, marks, form }) => {
    const at = days.map((day) => Date.parse(`${day}T00:00:00Z`)), hour = 3600 * 1000;
    const span = [at[0] - 12 * hour, at[at.length - 1] + 36 * hour];
    const values = Object.entries(lines).flatMap(([, row]) => row.filter((value) => value !== null));
    const top = form.includes("%") ? 1.05 : 1.15 * Math.max(...values, 1e-9);
    const made = plot({
      x_axis_type: "datetime", x_range: new Bokeh.Range1d({ start: span[0], end: span[1] }),
      y_range: new Bokeh.Range1d({ start: form.includes("%") ? -0.02 : 0, end: top }),
    });
    const names = Object.keys(lines);
    const columns = Object.fromEntries(names.map((name, place) => [`y${place}`, lines[name].map((value) => value ?? NaN)]));
    const source = new Bokeh.ColumnDataSource({ data: { at, ...columns } });
    const drawn = names.map((name, place) => {
      const look = { source, color: lineColours[place % 2] };
      const legend = names.length > 1 ? { legend_label: name } : {};
      made.line({ field: "at" }, { field: `y${place}` }, { ...look, line_width: 2, ...legend });
      return made.scatter({ field: "at" }, { field: `y${place}` }, { ...look, size: 6 });
    });
    const tips = [["", "@at{%F}"], ...names.map((name, place) => [name, `@y${place}{${form}}`])];
    made.add_tools(new Bokeh.HoverTool({ tooltips: tips, formatters: { "@at": "datetime" }, mode: "vline", renderers: drawn.slice(0, 1) }));
    mark(made, marks, (span[0] + span[1]) / 2);
    return finish(made, form);
  };

  const shares = ({ names, first, now }) => {
    const made = plot({ height: 230, x_range: new Bokeh.FactorRange({ factors: names }) });
    const source = new Bokeh.ColumnDataSource({ data: { name: names, first, now } });
    [["first", -0.2, lineColours[1]], ["now", 0.2, lineColours[0]]].forEach(([column, place, fill]) => {
      const x = { field: "name", transform: new Bokeh.Dodge({ value: place, range: made.x_range }) };
      made.vbar(x, { field: column }, 0.36, { source, color: fill, legend_label: column });
    });
    made.add_tools(new Bokeh.HoverTool({ tooltips: [["", "@name"], ["first", "@first{0.0%}"], ["now", "@now{0.0%}"]] }));
    [made.xaxis].flat().forEach((axis) => { axis.major_label_orientation = 0.6; });
    made.y_range.start = 0;
    return finish(made, "0%");
  };

  // The effect of an experiment at each look: a point, its interval, and the line of no effect.
  const effect = ({ at, units, value, low, high }) => {
    const edge = Math.max(12 * 3600 * 1000, 0.05 * (at[at.length - 1] - at[0]));
    const bottom = Math.min(0, ...low), top = Math.max(0, ...high), room = 0.08 * (top - bottom) || 1;
    const made = plot({
      height: 230, x_axis_type: "datetime",
      x_range: new Bokeh.Range1d({ start: at[0] - edge, end: at[at.length - 1] + edge }),
      y_range: new Bokeh.Range1d({ start: bottom - room, end: top + room }),
    });
    const source = new Bokeh.ColumnDataSource({ data: { at, units, value, low, high } });
    const x = { field: "at" }, look = { source, color: lineColours[0] };
    made.varea(x, { field: "low" }, { field: "high" }, { source, fill_color: lineColours[0], fill_alpha: 0.15 });
    made.segment(x, { field: "low" }, x, { field: "high" }, { ...look, line_width: 2 });
    const points = made.scatter(x, { field: "value" }, { ...look, size: 8 });
    made.add_layout(new Bokeh.Span({ location: 0, dimension: "width", line_color: colour("text"), line_width: 1.5 }));
    const tips = [["", "@at{%F %H:%M}"], ["units", "@units{0,0}"], ["effect", "@value{+0.0000}"], ["95 %", "@low{+0.0000} … @high{+0.0000}"]];
    made.add_tools(new Bokeh.HoverTool({ tooltips: tips, formatters: { "@at": "datetime" }, mode: "vline", renderers: [points] }));
    return finish(made, "+0.00[00]");
  };

  const kinds = { trend, shares, effect };
  document.querySelectorAll("figure[data-chart]").forEach((figure) => {
    const { kind, ...told } = JSON.parse(figure.querySelector("script").textContent);
    Bokeh.Plotting.show(kinds[kind](told), figure.querySelector(".drawing"));
  });
})();
