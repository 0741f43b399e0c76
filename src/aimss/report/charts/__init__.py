"""One file a chart: a plan's series in, a `Figure` (inline SVG with its words and its data table) out."""
