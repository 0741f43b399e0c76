"""The user's own library: literature read from reference managers and PubMed, merged, searched and exported."""
