"""How it is shown: page, charts, words."""
