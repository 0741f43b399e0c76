"""Published bone models as yardsticks: what they say of the same arms where they can answer; never in a forecast."""
