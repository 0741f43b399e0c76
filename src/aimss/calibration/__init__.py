"""Why to believe it: published results as targets, the fit to them, and predicted against published."""
